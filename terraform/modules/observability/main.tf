# Whatever is given up, and whatever could not even be put aside. Each alarm is about one event being one too many.

locals {
  lambda = { namespace = "AWS/Lambda", statistic = "Sum", dimensions = { FunctionName = var.function_name } }
  sweep  = { namespace = "AWS/Lambda", statistic = "Sum", dimensions = { FunctionName = var.sweeper_function_name } }
  group  = { namespace = "AWS/Scheduler", statistic = "Sum", dimensions = { ScheduleGroup = var.scheduler_group_name } }

  # Where it is measured, what is measured, and what it means. Names of metrics: Lambda Developer Guide,
  # monitoring-metrics-types; Scheduler User Guide, monitoring-cloudwatch; SQS Developer Guide, sqs-available-cloudwatch-metrics.
  alarms = {
    delivery-dead-letters = {
      on          = local.queues.delivery
      metric      = "ApproximateNumberOfMessagesVisible"
      description = "EventBridge gave up a delivery: the payload waits in the delivery dead-letter queue."
    }
    work-dead-letters = {
      on          = local.queues.work
      metric      = "ApproximateNumberOfMessagesVisible"
      description = "Work was given up: the payload and the reason wait in the work dead-letter queue."
    }
    delivery-dropped = {
      on          = local.group
      metric      = "InvocationDroppedCount"
      description = "EventBridge gave up a delivery after its retries."
    }
    delivery-dead-letter-lost = {
      on          = local.group
      metric      = "InvocationsFailedToBeSentToDeadLetterCount"
      description = "EventBridge gave up a delivery and could not put its payload into the dead-letter queue."
    }
    notification-errors = {
      on          = local.lambda
      metric      = "Errors"
      description = "The Notification Lambda crashed, timed out or ran out of memory; Lambda tries again."
    }
    notification-throttles = {
      on          = local.lambda
      metric      = "Throttles"
      description = "The Notification Lambda had no free concurrency; Lambda tries again."
    }
    notification-dropped = {
      on          = local.lambda
      metric      = "AsyncEventsDropped"
      description = "Lambda gave up an event after its retries, or because it was too old."
    }
    notification-dead-letter-lost = {
      on          = local.lambda
      metric      = "DestinationDeliveryFailures"
      description = "Lambda gave up an event and could not put it into the work dead-letter queue."
    }
    sweeper-errors = {
      on          = local.sweep
      metric      = "Errors"
      description = "The sweeper did not begin, or ran into its timeout: a setting or a right is missing."
    }
  }

  # A queue's metrics know it by its name: arn:…:sqs:{region}:{account}:{name}.
  queues = {
    for name, arn in { delivery = var.delivery_dead_letter_queue_arn, work = var.work_dead_letter_queue_arn } :
    name => { namespace = "AWS/SQS", statistic = "Maximum", dimensions = { QueueName = split(":", arn)[5] } }
  }
}

resource "aws_cloudwatch_metric_alarm" "alarms" {
  for_each = local.alarms

  alarm_name          = "${var.project}-${each.key}-${var.stage}"
  alarm_description   = each.value.description
  namespace           = each.value.on.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.on.dimensions
  statistic           = each.value.on.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching" # no event, no data
  alarm_actions       = var.alarm_topic_arns
}

# The sweeper finds what is missing, so its own absence must be found from outside.
resource "aws_cloudwatch_metric_alarm" "sweeper_silent" {
  alarm_name          = "${var.project}-sweeper-silent-${var.stage}"
  alarm_description   = "The sweeper has not run for 15 minutes: nothing that was cut short or missed is seen to."
  namespace           = local.sweep.namespace
  metric_name         = "Invocations"
  dimensions          = local.sweep.dimensions
  statistic           = local.sweep.statistic
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 900
  evaluation_periods  = 1
  treat_missing_data  = "breaching" # what is not invoked has no data
  alarm_actions       = var.alarm_topic_arns
}
