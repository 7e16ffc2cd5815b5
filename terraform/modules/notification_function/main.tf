locals {
  name = "${var.project}-notification-${var.stage}"

  # Reserved names: the function's own variables, and the operator's switch.
  taken_variables = [
    "ACTION_RATES", "EVENT_BUS_NAME", "HOLD", "LOOPBACK_WEBHOOKS", "MAX_CONCURRENCY", "REPORTS_BUCKET",
    "RUN_RETENTION_DAYS", "SENDER_ADDRESS", "TABLE_NAME", "WEBHOOK_MASTER_SECRET_ARN", "WORK_DEAD_LETTER_QUEUE_URL",
  ]
}

resource "aws_cloudwatch_log_group" "notification" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# Failed runs, and events whose invocations crashed too often.
resource "aws_sqs_queue" "work_dead_letters" {
  name                      = "${var.project}-work-dead-letters-${var.stage}"
  message_retention_seconds = 1209600 # 14 days, the most that SQS keeps
  max_message_size          = 262144  # the most that every version of the provider takes

  # SQS accepts its own key or a KMS key, not both.
  sqs_managed_sse_enabled = var.kms_key_arn == null ? true : null
  kms_master_key_id       = var.kms_key_arn
}

resource "aws_lambda_function" "notification" {
  function_name    = local.name
  description      = "Does the deferred work of ${var.project} ${var.stage}; EventBridge Scheduler invokes it"
  role             = aws_iam_role.notification.arn
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  handler          = "notification.handler.lambda_handler"
  runtime          = var.runtime
  architectures    = [var.architecture]
  memory_size      = 256
  timeout          = 30

  # Further events wait in Lambda's queue, up to event_age_seconds. -1 means no reserved concurrency.
  reserved_concurrent_executions = coalesce(var.max_concurrency, -1)

  environment {
    variables = merge(var.environment_variables, var.secret_arns, {
      TABLE_NAME                 = var.table_name
      WORK_DEAD_LETTER_QUEUE_URL = aws_sqs_queue.work_dead_letters.url
      SENDER_ADDRESS             = var.sender_address
      EVENT_BUS_NAME             = var.event_bus_name
      REPORTS_BUCKET             = aws_s3_bucket.reports.bucket
      RUN_RETENTION_DAYS         = tostring(var.run_retention_days)
      WEBHOOK_MASTER_SECRET_ARN  = var.webhook_master_secret_arn
      LOOPBACK_WEBHOOKS          = tostring(var.loopback_webhooks)
      ACTION_RATES               = jsonencode(var.action_rates)
      MAX_CONCURRENCY            = tostring(coalesce(var.max_concurrency, 1))
    })
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.notification.name
    application_log_level = "INFO"
    system_log_level      = "INFO" # `platform.report`: duration, memory used, cold starts
  }

  lifecycle {
    # The operator's switch (`python -m deploy hold`): an apply must not release held runs.
    ignore_changes = [environment[0].variables["HOLD"]]
  }

  # Without its permissions the first invocation would fail, and EventBridge may invoke the function at once.
  depends_on = [aws_iam_role_policy.notification, aws_iam_role_policy.actions]
}

# EventBridge invokes asynchronously: Lambda retries an invocation that crashes, times out or is throttled
# (Lambda Developer Guide, invocation-async); EventBridge's retries and queue do not apply to it.
resource "aws_lambda_function_event_invoke_config" "notification" {
  function_name                = aws_lambda_function.notification.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = var.event_age_seconds

  destination_config {
    on_failure {
      destination = aws_sqs_queue.work_dead_letters.arn
    }
  }
}

# The sender's identity: an existing one, or a new one for the sender's address (SES sends its owner a link). The data source
# makes a plan fail if the existing one is missing.
data "aws_sesv2_email_identity" "existing" {
  count = var.ses_identity == null ? 0 : 1

  email_identity = var.ses_identity
}

# A warning of plan and apply: all but email works without it.
check "sender_is_verified" {
  assert {
    condition     = alltrue(data.aws_sesv2_email_identity.existing[*].verified_for_sending_status)
    error_message = "SES has not verified the identity ${coalesce(var.ses_identity, var.sender_address)} yet: every email fails until then (SES Developer Guide, verify-addresses-and-domains)."
  }
}

resource "aws_ses_email_identity" "sender" {
  count = var.ses_identity == null ? 1 : 0

  email = var.sender_address
}

data "aws_cloudwatch_event_bus" "events" {
  name = var.event_bus_name
}
