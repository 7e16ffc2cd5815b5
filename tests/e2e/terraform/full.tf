# Everything that the provider can say of a schedule and its group.

resource "aws_scheduler_schedule_group" "made" {
  name = "made-by-terraform"
  tags = { Team = "billing", Cost = "42" }
}

resource "aws_scheduler_schedule" "made" {
  name                         = "monday.morning"
  group_name                   = aws_scheduler_schedule_group.made.name
  description                  = "Every Monday"
  schedule_expression          = "cron(0 9 ? * MON *)"
  schedule_expression_timezone = "Europe/Berlin"
  start_date                   = var.start
  end_date                     = var.end
  state                        = "DISABLED"

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = var.function
    role_arn = var.role
    input    = "{\"at\": \"<aws.scheduler.scheduled-time>\"}"

    retry_policy {
      maximum_event_age_in_seconds = 600
      maximum_retry_attempts       = 3
    }

    dead_letter_config {
      arn = var.queue
    }
  }
}
