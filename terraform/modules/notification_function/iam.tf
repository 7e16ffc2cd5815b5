resource "aws_iam_role" "notification" {
  name        = local.name
  description = "Notification Lambda of ${var.project} ${var.stage}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

locals {
  ses_arn = "arn:${local.partition}:ses:${local.region}:${local.account}"

  permissions = [
    {
      Sid    = "ReadAndWriteSchedulesAndRuns"
      Effect = "Allow"
      # A transaction is allowed through the permissions of its parts (DynamoDB Developer Guide, transaction-apis-iam).
      Action = [
        "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
      ]
      Resource = [var.table_arn]
    },
    {
      Sid      = "ListSchedulesAndRuns"
      Effect   = "Allow"
      Action   = ["dynamodb:Query"]
      Resource = [var.table_arn, "${var.table_arn}/index/by_time"]
    },
    {
      Sid    = "SendMail"
      Effect = "Allow"
      Action = ["ses:SendEmail"]
      # SES asks for the permission on the sender's identity, on the configuration set that an identity has by default, and on a
      # recipient's identity (aws-sdk-js 3641). The condition keeps the function from sending as another address.
      Resource  = ["${local.ses_arn}:identity/*", "${local.ses_arn}:configuration-set/*"]
      Condition = { StringEquals = { "ses:FromAddress" = var.sender_address } }
    },
    {
      Sid      = "PutEvents"
      Effect   = "Allow"
      Action   = ["events:PutEvents"]
      Resource = [data.aws_cloudwatch_event_bus.events.arn]
    },
    {
      Sid    = "KeepReports"
      Effect = "Allow"
      # GetObject as well: a link has the permissions of its signer.
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = ["${aws_s3_bucket.reports.arn}/reports/*"]
    },
    {
      Sid      = "KeepWorkThatFailed"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = [aws_sqs_queue.work_dead_letters.arn]
    },
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${aws_cloudwatch_log_group.notification.arn}:log-stream:*"]
    },
    {
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = sort(distinct(concat([var.webhook_master_secret_arn], values(var.secret_arns))))
    },
  ]

  # A phone has no ARN, so AWS's own policies for PhoneNumber say "*" (Step Functions Developer Guide, sns-iam). Here it is
  # everything but what has an ARN in SNS, which is every topic and every device.
  sms_permissions = !var.allow_sms ? [] : [{
    Sid         = "SendToPhones"
    Effect      = "Allow"
    Action      = ["sns:Publish"]
    NotResource = ["arn:${local.partition}:sns:*:*:*"]
  }]

  push_permissions = !var.allow_push ? [] : [{
    Sid      = "SendToDevices"
    Effect   = "Allow"
    Action   = ["sns:Publish"]
    Resource = ["arn:${local.partition}:sns:${local.region}:${local.account}:endpoint/*"]
  }]

  # DynamoDB and Secrets Manager use the key as the caller. SQS creates a data key for each message, S3 for each report.
  key_permissions = var.kms_key_arn == null ? [] : [{
    Sid      = "UseTheKey"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource = [var.kms_key_arn]
  }]
}

resource "aws_iam_role_policy" "notification" {
  name = "work"
  role = aws_iam_role.notification.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.permissions, local.sms_permissions, local.push_permissions, local.key_permissions)
  })
}

# Permissions of the application's own actions: a second policy, so that the tests hold the first one exactly.
resource "aws_iam_role_policy" "actions" {
  count = length(var.action_policy_statements) == 0 ? 0 : 1

  name = "actions"
  role = aws_iam_role.notification.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in var.action_policy_statements : merge(
        { Effect = "Allow", Action = statement.actions, Resource = statement.resources },
        length(statement.conditions) == 0 ? {} : { Condition = statement.conditions },
      )
    ]
  })
}
