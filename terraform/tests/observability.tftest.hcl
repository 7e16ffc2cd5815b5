mock_provider "aws" {}

variables {
  project                        = "mail"
  stage                          = "test"
  function_name                  = "mail-notification-test"
  log_group_name                 = "/aws/lambda/mail-notification-test"
  event_age_seconds              = 1800
  sweeper_function_name          = "tasks-test-sweep"
  scheduler_group_name           = "mail-scheduler-group-test"
  delivery_dead_letter_queue_arn = "arn:aws:sqs:eu-central-1:111122223333:mail-delivery-dead-letters-test"
  work_dead_letter_queue_arn     = "arn:aws:sqs:eu-central-1:111122223333:mail-work-dead-letters-test"
  alarm_topic_arns               = ["arn:aws:sns:eu-central-1:111122223333:on-call"]
}

run "an_alarm_for_what_the_operator_must_act_on" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition = {
      for alarm in aws_cloudwatch_metric_alarm.alarms :
      alarm.alarm_name => join(" ", compact([
        alarm.namespace, alarm.metric_name, alarm.statistic, join(" ", values(coalesce(alarm.dimensions, {})))
      ]))
      } == {
      "mail-delivery-dead-letters-test"         = "AWS/SQS NumberOfMessagesSent Sum mail-delivery-dead-letters-test"
      "mail-work-dead-letters-test"             = "AWS/SQS NumberOfMessagesSent Sum mail-work-dead-letters-test"
      "mail-delivery-dropped-test"              = "AWS/Scheduler InvocationDroppedCount Sum mail-scheduler-group-test"
      "mail-delivery-dead-letter-lost-test"     = "AWS/Scheduler InvocationsFailedToBeSentToDeadLetterCount Sum mail-scheduler-group-test"
      "mail-notification-faults-test"           = "ScheduledTasks/mail-test NotificationFaults Sum"
      "mail-notification-errors-test"           = "AWS/Lambda Errors Sum mail-notification-test"
      "mail-notification-event-age-test"        = "AWS/Lambda AsyncEventAge Maximum mail-notification-test"
      "mail-notification-dropped-test"          = "AWS/Lambda AsyncEventsDropped Sum mail-notification-test"
      "mail-notification-dead-letter-lost-test" = "AWS/Lambda DestinationDeliveryFailures Sum mail-notification-test"
      "mail-sweeper-errors-test"                = "AWS/Lambda Errors Sum tasks-test-sweep"
    }
    error_message = "Both queues, the group and both functions are watched, by these metrics."
  }

  assert {
    condition = toset(flatten([for alarm in aws_cloudwatch_metric_alarm.alarms : keys(coalesce(alarm.dimensions, {}))])) == toset([
      "FunctionName", "QueueName", "ScheduleGroup",
    ])
    error_message = "Each metric is that of its one resource, by the dimension that AWS names it with."
  }

  assert {
    condition = {
      for alarm in aws_cloudwatch_metric_alarm.alarms :
      alarm.alarm_name => [alarm.threshold, alarm.period, alarm.evaluation_periods]
      if[alarm.threshold, alarm.period, alarm.evaluation_periods] != [0, 300, 1]
      } == {
      "mail-work-dead-letters-test"      = [100, 3600, 1]
      "mail-notification-errors-test"    = [0, 300, 3]
      "mail-notification-event-age-test" = [900000, 300, 1]
    }
    error_message = "One event is one too many; but users' work may fail, Lambda tries again, and what is limited may wait."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.alarms : alarm.comparison_operator == "GreaterThanThreshold"
    ])
    error_message = "Each goes off over its threshold."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.alarms : alarm.metric_name != "ApproximateNumberOfMessagesVisible"])
    error_message = "No alarm stays on for the 14 days that a message stays in a queue."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.alarms : alarm.treat_missing_data == "notBreaching"])
    error_message = "No data is no alarm."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.alarms :
      alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:111122223333:on-call"]) && alarm.ok_actions == alarm.alarm_actions
    ])
    error_message = "Every alarm is sent to the topics, and its end too."
  }

  assert {
    condition     = length(output.alarm_names) == 11 && contains(output.alarm_names, "mail-sweeper-silent-test")
    error_message = "The output lists the alarms' names."
  }
}

run "faults_are_counted_in_the_log" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition = (
      aws_cloudwatch_log_metric_filter.faults.log_group_name == "/aws/lambda/mail-notification-test" &&
      aws_cloudwatch_log_metric_filter.faults.pattern == "{ $.level = \"ERROR\" && $.logger = \"notification.runner\" }"
    )
    error_message = "A fault is a line of level ERROR in the Notification Lambda's log."
  }

  assert {
    condition = [
      for made in aws_cloudwatch_log_metric_filter.faults.metric_transformation : [made.namespace, made.name, made.value]
    ] == [["ScheduledTasks/mail-test", "NotificationFaults", "1"]]
    error_message = "It is the metric that the alarm watches."
  }
}

run "unforeseen_runs_are_counted_in_the_log" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition = (
      aws_cloudwatch_log_metric_filter.unforeseen.log_group_name == "/aws/lambda/mail-notification-test" &&
      aws_cloudwatch_log_metric_filter.unforeseen.pattern == "{ $.unforeseen IS TRUE && $.message = \"unforeseen*\" }"
    )
    error_message = "An unforeseen run is a line that begins with its name."
  }

  assert {
    condition = [
      for made in aws_cloudwatch_log_metric_filter.unforeseen.metric_transformation : [made.namespace, made.name, made.value]
    ] == [["ScheduledTasks/mail-test", "UnforeseenRuns", "1"]]
    error_message = "It is a metric of the stage."
  }
}

run "an_alarm_for_a_sweeper_that_stands_still" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.sweeper_silent.metric_name == "Invocations" &&
      aws_cloudwatch_metric_alarm.sweeper_silent.dimensions == tomap({ FunctionName = "tasks-test-sweep" }) &&
      aws_cloudwatch_metric_alarm.sweeper_silent.comparison_operator == "LessThanThreshold" &&
      aws_cloudwatch_metric_alarm.sweeper_silent.threshold == 1 &&
      aws_cloudwatch_metric_alarm.sweeper_silent.period == 900
    )
    error_message = "It goes off when the sweeper was not invoked for 15 minutes."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.sweeper_silent.treat_missing_data == "breaching"
    error_message = "A function that is not invoked has no data: that is the alarm."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.sweeper_silent.alarm_actions == toset(["arn:aws:sns:eu-central-1:111122223333:on-call"]) &&
      aws_cloudwatch_metric_alarm.sweeper_silent.ok_actions == aws_cloudwatch_metric_alarm.sweeper_silent.alarm_actions
    )
    error_message = "It is sent to the topics, and its end too."
  }
}

run "without_a_topic_alarms_are_only_seen" {
  module {
    source = "./modules/observability"
  }

  variables {
    alarm_topic_arns = []
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.alarms : length(coalesce(alarm.alarm_actions, [])) == 0])
    error_message = "Without topics no alarm has actions."
  }
}
