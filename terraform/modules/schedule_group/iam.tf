data "aws_caller_identity" "current" {}

# The role that EventBridge Scheduler assumes. The condition must hold the ARN of the schedule *group*: that of a schedule
# is not supported (Scheduler User Guide, cross-service-confused-deputy).
resource "aws_iam_role" "scheduler" {
  name        = "${var.project}-scheduler-${var.stage}"
  description = "EventBridge Scheduler invokes the Notification Lambda of ${var.project} ${var.stage}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "SchedulesOfThisGroupOnly"
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = data.aws_caller_identity.current.account_id
          "aws:SourceArn"     = aws_scheduler_schedule_group.schedules.arn
        }
      }
    }]
  })
}

locals {
  permissions = [
    {
      Sid      = "InvokeNotificationFunction"
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = var.target_function_arn
    },
    {
      Sid      = "KeepUndeliverablePayloads"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = aws_sqs_queue.delivery_dead_letters.arn
    },
  ]

  # SQS creates a data key for each message as its sender (SQS Developer Guide, sqs-key-management).
  key_permissions = var.kms_key_arn == null ? [] : [{
    Sid      = "UseTheKey"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource = var.kms_key_arn
  }]
}

resource "aws_iam_role_policy" "scheduler" {
  name = "deliver"
  role = aws_iam_role.scheduler.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.permissions, local.key_permissions)
  })
}
