# As little as the provider lets one say.

resource "aws_scheduler_schedule_group" "made" {
  name = "made-by-terraform"
}

resource "aws_scheduler_schedule" "made" {
  name                = "monday.morning"
  group_name          = aws_scheduler_schedule_group.made.name
  schedule_expression = "rate(2 hours)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.function
    role_arn = var.role
  }
}
