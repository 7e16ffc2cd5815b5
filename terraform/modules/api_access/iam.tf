locals {
  indexes = ["by_resource", "by_time", "watch"]

  # arn:…:schedule-group/{group} -> arn:…:schedule/{group}/*: a schedule's ARN holds its group's name.
  schedules_arn = "${replace(var.scheduler_group_arn, ":schedule-group/", ":schedule/")}/*"

  permissions = [
    {
      Sid    = "ManageSchedulesOfThisGroup"
      Effect = "Allow"
      Action = [
        "scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule",
      ]
      Resource = [local.schedules_arn]
    },
    {
      Sid       = "PassTheSchedulerRole"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = [var.scheduler_role_arn]
      Condition = { StringEquals = { "iam:PassedToService" = "scheduler.amazonaws.com" } }
    },
    {
      Sid      = "InvokeNotificationFunction"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [var.notification_lambda_arn]
    },
    {
      Sid    = "ReadAndWriteSchedulesAndRuns"
      Effect = "Allow"
      # A transaction is allowed through the permissions of its parts (DynamoDB Developer Guide, transaction-apis-iam).
      # BatchWriteItem and DeleteItem erase a user.
      Action = [
        "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem",
        "dynamodb:PutItem", "dynamodb:UpdateItem",
      ]
      Resource = [var.table_arn]
    },
    {
      Sid      = "ListSchedulesAndRuns"
      Effect   = "Allow"
      Action   = ["dynamodb:Query"]
      Resource = concat([var.table_arn], [for index in local.indexes : "${var.table_arn}/index/${index}"])
    },
    {
      Sid      = "ReadTheMasterOfWebhookKeys"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = [var.webhook_master_secret_arn]
    },
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = [for group in aws_cloudwatch_log_group.api : "${group.arn}:log-stream:*"]
    },
  ]

  # DynamoDB uses the table's key as the caller, and Secrets Manager uses the secret's key as the caller.
  key_permissions = var.kms_key_arn == null ? [] : [{
    Sid      = "UseTheKey"
    Effect   = "Allow"
    Action   = ["kms:Decrypt"]
    Resource = [var.kms_key_arn]
  }]

  policy = {
    Version   = "2012-10-17"
    Statement = concat(local.permissions, local.key_permissions)
  }
}
