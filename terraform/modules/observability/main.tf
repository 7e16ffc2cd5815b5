# Alarms on faults that the operator must act on. A failure of a user's schedule, such as a webhook that answers 404, raises
# none, and neither does a wait because of `max_concurrency`. Each alarm returns to OK by itself: none counts queued messages.

locals {
  lambda = { namespace = "AWS/Lambda", statistic = "Sum", dimensions = { FunctionName = var.function_name } }
  ages   = { namespace = "AWS/Lambda", statistic = "Maximum", dimensions = { FunctionName = var.function_name } }
  sweep  = { namespace = "AWS/Lambda", statistic = "Sum", dimensions = { FunctionName = var.sweeper_function_name } }
  group  = { namespace = "AWS/Scheduler", statistic = "Sum", dimensions = { ScheduleGroup = var.scheduler_group_name } }
  faults = { namespace = local.faults_namespace, statistic = "Sum", dimensions = {} }

  # The namespace names the stage: a metric of a log filter has no dimension.
  faults_namespace = "ScheduledTasks/${var.project}-${var.stage}"

  # Namespace, metric and meaning; by default one event within five minutes raises the alarm. Names of metrics: Lambda
  # Developer Guide, monitoring-metrics-types; Scheduler User Guide, monitoring-cloudwatch; SQS Developer Guide,
  # sqs-available-cloudwatch-metrics.
  alarms = {
    delivery-dead-letters = {
      on          = local.queues.delivery
      metric      = "NumberOfMessagesSent"
      description = "EventBridge gave up a delivery: the payload is in the delivery dead-letter queue."
    }
    work-dead-letters = {
      on          = local.queues.work
      metric      = "NumberOfMessagesSent"
      threshold   = var.work_dead_letters_per_hour
      period      = 3600
      description = "Many runs failed within an hour: payloads and reasons are in the work dead-letter queue."
    }
    delivery-dropped = {
      on          = local.group
      metric      = "InvocationDroppedCount"
      description = "EventBridge gave up a delivery after its retries."
    }
    delivery-dead-letter-lost = {
      on          = local.group
      metric      = "InvocationsFailedToBeSentToDeadLetterCount"
      description = "EventBridge gave up a delivery and could not send its payload to the dead-letter queue."
    }
    notification-faults = {
      on          = local.faults
      metric      = "NotificationFaults"
      description = "A run failed by a fault of the deployment: a permission, a record or an action is missing, or an action raised an exception."
    }
    notification-errors = {
      on          = local.lambda
      metric      = "Errors"
      periods     = 3
      description = "The Notification Lambda has failed for 15 minutes: it crashes, times out or runs out of memory."
    }
    notification-event-age = {
      on          = local.ages
      metric      = "AsyncEventAge"
      threshold   = var.event_age_seconds * 1000 / 2
      description = "Events have waited half the time that Lambda keeps them: runs are late, and will be lost without a change."
    }
    notification-dropped = {
      on          = local.lambda
      metric      = "AsyncEventsDropped"
      description = "Lambda gave up an event after its retries, or because it was too old."
    }
    notification-dead-letter-lost = {
      on          = local.lambda
      metric      = "DestinationDeliveryFailures"
      description = "Lambda gave up an event and could not send it to the work dead-letter queue."
    }
    sweeper-errors = {
      on          = local.sweep
      metric      = "Errors"
      description = "The sweeper did not start, or timed out: a setting or a permission is missing."
    }
  }

  # A queue's metrics have its name as dimension: arn:…:sqs:{region}:{account}:{name}. SendMessage is counted.
  queues = {
    for name, arn in { delivery = var.delivery_dead_letter_queue_arn, work = var.work_dead_letter_queue_arn } :
    name => { namespace = "AWS/SQS", statistic = "Sum", dimensions = { QueueName = split(":", arn)[5] } }
  }
}

# notification/runner.py logs an error only for faults that the operator must fix, not for failures of a user's schedule.
resource "aws_cloudwatch_log_metric_filter" "faults" {
  name           = "${var.project}-notification-faults-${var.stage}"
  log_group_name = var.log_group_name
  pattern        = "{ $.level = \"ERROR\" && $.logger = \"notification.runner\" }"

  metric_transformation {
    namespace = local.faults_namespace
    name      = local.alarms.notification-faults.metric
    value     = "1"
  }
}

# No alarm: the run was done. More than a few mean that EventBridge's zone data differ from this release's.
resource "aws_cloudwatch_log_metric_filter" "unforeseen" {
  name           = "${var.project}-notification-unforeseen-${var.stage}"
  log_group_name = var.log_group_name
  pattern        = "{ $.unforeseen IS TRUE && $.message = \"unforeseen*\" }"

  metric_transformation {
    namespace = local.faults_namespace
    name      = "UnforeseenRuns"
    value     = "1"
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
  threshold           = try(each.value.threshold, 0)
  period              = try(each.value.period, 300)
  evaluation_periods  = try(each.value.periods, 1)
  treat_missing_data  = "notBreaching" # no event, no data
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

# The sweeper finds missing runs, so its own absence must be found from outside.
resource "aws_cloudwatch_metric_alarm" "sweeper_silent" {
  alarm_name          = "${var.project}-sweeper-silent-${var.stage}"
  alarm_description   = "The sweeper has not run for 15 minutes: interrupted changes and missed runs wait."
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
  ok_actions          = var.alarm_topic_arns
}
