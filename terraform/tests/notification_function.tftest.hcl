mock_provider "aws" {
  mock_data "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-central-1:111122223333:event-bus/default" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws:sqs:eu-central-1:111122223333:mail-work-dead-letters-test"
      url = "https://sqs.eu-central-1.amazonaws.com/111122223333/mail-work-dead-letters-test"
    }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mail-reports-test-111122223333" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/mail-notification-test" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/mail-notification-test" }
  }
}

variables {
  project        = "mail"
  stage          = "test"
  package        = "main.tf" # any file stands in for the zip
  runtime        = "python3.11"
  table_name     = "mail-schedules-test"
  table_arn      = "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test"
  sender_address = "tasks@example.com"

  webhook_master_secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-webhook-master-test-AbCdEf"
}

run "a_small_function_with_the_rights_of_its_work" {
  module {
    source = "./modules/notification_function"
  }

  assert {
    condition     = output.function_name == "mail-notification-test"
    error_message = "The function is {project}-notification-{stage}."
  }

  assert {
    condition     = [aws_lambda_function.notification.memory_size, aws_lambda_function.notification.timeout] == [256, 30]
    error_message = "The function has 256 MB and 30 s."
  }

  assert {
    condition     = aws_lambda_function.notification.handler == "notification.handler.lambda_handler"
    error_message = "The handler is notification.handler.lambda_handler."
  }

  assert {
    condition = (
      [aws_lambda_function.notification.runtime, one(aws_lambda_function.notification.architectures)] == ["python3.11", "arm64"]
    )
    error_message = "The runtime is Python 3.11 on arm64."
  }

  assert {
    condition     = aws_lambda_function.notification.source_code_hash == filebase64sha256("main.tf")
    error_message = "Another zip is another deployment, and the same zip is none."
  }

  assert {
    condition = one(aws_lambda_function.notification.environment[*].variables) == tomap({
      TABLE_NAME                 = "mail-schedules-test"
      WORK_DEAD_LETTER_QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/111122223333/mail-work-dead-letters-test"
      SENDER_ADDRESS             = "tasks@example.com"
      EVENT_BUS_NAME             = "default"
      REPORTS_BUCKET             = "mail-reports-test-111122223333"
      RUN_RETENTION_DAYS         = "90"
      WEBHOOK_MASTER_SECRET_ARN  = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-webhook-master-test-AbCdEf"
      LOOPBACK_WEBHOOKS          = "false"
      ACTION_RATES               = "{}"
      MAX_CONCURRENCY            = "1"
    })
    error_message = "The environment is what notification/settings.py reads, and nothing else."
  }

  assert {
    condition = (
      one(aws_lambda_function.notification.logging_config[*].log_format) == "JSON" &&
      one(aws_lambda_function.notification.logging_config[*].log_group) == "/aws/lambda/mail-notification-test"
    )
    error_message = "Logs are JSON, in the function's own log group."
  }

  assert {
    condition     = one(aws_lambda_function.notification.logging_config[*].system_log_level) == "INFO"
    error_message = "Each invocation's report is in the log: Lambda writes it at this level."
  }

  assert {
    condition     = aws_cloudwatch_log_group.notification.retention_in_days == 30
    error_message = "Logs are kept 30 days."
  }

  assert {
    condition = (
      aws_lambda_function_event_invoke_config.notification.maximum_retry_attempts == 2 &&
      aws_lambda_function_event_invoke_config.notification.maximum_event_age_in_seconds == 3600
    )
    error_message = "Lambda retries twice, within an hour."
  }

  assert {
    condition = (
      one(aws_lambda_function_event_invoke_config.notification.destination_config[0].on_failure[*].destination)
      == "arn:aws:sqs:eu-central-1:111122223333:mail-work-dead-letters-test"
    )
    error_message = "What still fails goes to the work dead-letter queue."
  }

  assert {
    condition = (
      aws_sqs_queue.work_dead_letters.name == "mail-work-dead-letters-test" &&
      aws_sqs_queue.work_dead_letters.sqs_managed_sse_enabled &&
      aws_sqs_queue.work_dead_letters.message_retention_seconds == 14 * 24 * 3600 &&
      aws_sqs_queue.work_dead_letters.max_message_size == 256 * 1024
    )
    error_message = "The queue is {project}-work-dead-letters-{stage}, encrypted, and keeps messages of 256 KB for 14 days."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.notification.policy).Statement :
      join(" ", statement.Action) => join(" ", statement.Resource) if !contains(statement.Action, "sns:Publish")
      } == {
      "dynamodb:ConditionCheckItem dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem" = (
        "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test"
      )
      "dynamodb:Query" = join(" ", [
        "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test",
        "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test/index/by_time",
      ])
      "ses:SendEmail" = join(" ", [
        "arn:aws:ses:eu-central-1:111122223333:identity/*",
        "arn:aws:ses:eu-central-1:111122223333:configuration-set/*",
      ])
      "events:PutEvents"          = "arn:aws:events:eu-central-1:111122223333:event-bus/default"
      "s3:GetObject s3:PutObject" = "arn:aws:s3:::mail-reports-test-111122223333/reports/*"
      "sqs:SendMessage"           = "arn:aws:sqs:eu-central-1:111122223333:mail-work-dead-letters-test"
      "secretsmanager:GetSecretValue" = (
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-webhook-master-test-AbCdEf"
      )
      "logs:CreateLogStream logs:PutLogEvents" = (
        "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/mail-notification-test:log-stream:*"
      )
    }
    error_message = "The role has these permissions and no other: none on schedules, no PassRole, no secret but the master of webhook keys."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.notification.policy).Statement :
      statement.Condition if contains(statement.Action, "ses:SendEmail")
    ] == [{ StringEquals = { "ses:FromAddress" = "tasks@example.com" } }]
    error_message = "It sends as the sender's address only."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.notification.policy).Statement :
      { for name, value in statement : name => value if name != "Sid" } if contains(statement.Action, "sns:Publish")
      ] == [
      { Action = ["sns:Publish"], Effect = "Allow", NotResource = ["arn:aws:sns:*:*:*"] },
      { Action = ["sns:Publish"], Effect = "Allow", Resource = ["arn:aws:sns:eu-central-1:111122223333:endpoint/*"] },
    ]
    error_message = "It publishes to phones, and to devices of this account and Region; to no topic."
  }

  assert {
    condition = jsondecode(aws_iam_role.notification.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
    error_message = "Only Lambda assumes the role."
  }
}

run "reports_are_private_encrypted_and_soon_gone" {
  module {
    source = "./modules/notification_function"
  }

  assert {
    condition     = aws_s3_bucket.reports.bucket == "mail-reports-test-111122223333"
    error_message = "The bucket is {project}-reports-{stage}-{account}."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.reports.block_public_acls,
      aws_s3_bucket_public_access_block.reports.block_public_policy,
      aws_s3_bucket_public_access_block.reports.ignore_public_acls,
      aws_s3_bucket_public_access_block.reports.restrict_public_buckets,
    ])
    error_message = "Nothing in it can be made public."
  }

  assert {
    condition = (
      one(one(aws_s3_bucket_server_side_encryption_configuration.reports.rule).apply_server_side_encryption_by_default).sse_algorithm
      == "AES256"
    )
    error_message = "Its objects are encrypted."
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.reports[0].rule : [rule.status, one(rule.expiration).days]
    ] == [["Enabled", 7]]
    error_message = "Its objects are removed after a week."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_s3_bucket_policy.reports.policy).Statement : [statement.Effect, statement.Condition]
    ] == [["Deny", { Bool = { "aws:SecureTransport" = "false" } }]]
    error_message = "It is reached by encrypted connections only."
  }
}

run "reports_may_be_kept_for_ever" {
  module {
    source = "./modules/notification_function"
  }

  variables {
    report_retention_days = 0
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.reports) == 0
    error_message = "No rule removes them."
  }
}

run "a_stage_without_sms_and_push_may_not_publish" {
  module {
    source = "./modules/notification_function"
  }

  variables {
    allow_sms  = false
    allow_push = false
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.notification.policy, "sns:")
    error_message = "The role has no right on SNS."
  }
}

run "a_secret_is_a_variable_and_a_right_to_read_just_it" {
  module {
    source = "./modules/notification_function"
  }

  variables {
    secret_arns = { WEBHOOK_SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:webhook-AbCdEf" }
  }

  assert {
    condition = (
      aws_lambda_function.notification.environment[0].variables.WEBHOOK_SECRET_ARN
      == "arn:aws:secretsmanager:eu-central-1:111122223333:secret:webhook-AbCdEf"
    )
    error_message = "The variable that the key names holds the secret's ARN."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.notification.policy).Statement :
      statement.Resource if contains(statement.Action, "secretsmanager:GetSecretValue")
      ] == [[
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-webhook-master-test-AbCdEf",
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:webhook-AbCdEf",
    ]]
    error_message = "The role reads exactly the secrets that were named."
  }
}

run "an_identity_that_is_there_already_is_used_and_not_made" {
  module {
    source = "./modules/notification_function"
  }

  override_data {
    target = data.aws_sesv2_email_identity.existing
    values = { verified_for_sending_status = true }
  }

  variables {
    ses_identity = "example.com"
  }

  assert {
    condition     = length(aws_ses_email_identity.sender) == 0
    error_message = "No identity is made."
  }

  assert {
    condition     = data.aws_sesv2_email_identity.existing[0].email_identity == "example.com"
    error_message = "The identity that was named must exist."
  }
}

run "an_identity_that_ses_has_not_verified_is_said_at_the_plan" {
  module {
    source = "./modules/notification_function"
  }

  variables {
    ses_identity = "example.com"
  }

  override_data {
    target = data.aws_sesv2_email_identity.existing
    values = { verified_for_sending_status = false }
  }

  expect_failures = [check.sender_is_verified]
}

run "a_key_of_ones_own_encrypts_what_the_module_makes_and_is_the_roles_to_use" {
  module {
    source = "./modules/notification_function"
  }

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/8d1f0a3e-0000-4000-8000-000000000000"
  }

  assert {
    condition = (
      aws_sqs_queue.work_dead_letters.kms_master_key_id == var.kms_key_arn &&
      aws_cloudwatch_log_group.notification.kms_key_id == var.kms_key_arn
    )
    error_message = "The queue and the log group are encrypted with the key."
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_server_side_encryption_configuration.reports.rule :
      [for how in rule.apply_server_side_encryption_by_default : [how.sse_algorithm, how.kms_master_key_id]]
    ] == [[["aws:kms", var.kms_key_arn]]]
    error_message = "Reports are encrypted with the key."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.notification.policy).Statement :
      [statement.Action, statement.Resource] if statement.Sid == "UseTheKey"
    ] == [[["kms:Decrypt", "kms:GenerateDataKey"], [var.kms_key_arn]]]
    error_message = "The role may use exactly this key, for what it reads and what it sends."
  }
}

run "a_secret_cannot_take_the_place_of_a_setting" {
  command = plan

  module {
    source = "./modules/notification_function"
  }

  variables {
    secret_arns = { TABLE_NAME = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:webhook-AbCdEf" }
  }

  expect_failures = [var.secret_arns]
}

run "a_secret_cannot_take_a_name_that_lambda_reserves" {
  command = plan

  module {
    source = "./modules/notification_function"
  }

  variables {
    secret_arns = { AWS_SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:a-AbCdEf" }
  }

  expect_failures = [var.secret_arns]
}

run "own_actions_have_their_rights_and_variables" {
  module {
    source = "./modules/notification_function"
  }

  variables {
    environment_variables = { INVOICES_TABLE = "invoices" }
    action_policy_statements = [
      {
        actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
        resources = ["arn:aws:dynamodb:eu-central-1:111122223333:table/invoices"]
      },
      {
        actions    = ["sns:Publish", "connect:GetMetricDataV2"]
        resources  = ["arn:aws:sns:eu-central-1:111122223333:invoices"]
        conditions = { StringEquals = { "aws:ResourceAccount" = ["111122223333"] } }
      },
    ]
  }

  assert {
    condition     = aws_lambda_function.notification.environment[0].variables.INVOICES_TABLE == "invoices"
    error_message = "The function has the variable."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.actions[0].policy).Statement == [
      {
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
        Resource = ["arn:aws:dynamodb:eu-central-1:111122223333:table/invoices"]
      },
      {
        Effect    = "Allow"
        Action    = ["sns:Publish", "connect:GetMetricDataV2"]
        Resource  = ["arn:aws:sns:eu-central-1:111122223333:invoices"]
        Condition = { StringEquals = { "aws:ResourceAccount" = ["111122223333"] } }
      },
    ]
    error_message = "The role has the statements as they were given, in a policy of their own."
  }
}

run "without_own_actions_there_is_no_policy_for_them" {
  module {
    source = "./modules/notification_function"
  }

  assert {
    condition     = length(aws_iam_role_policy.actions) == 0
    error_message = "There is nothing to allow."
  }
}

run "a_variable_of_the_function_cannot_be_replaced" {
  command = plan

  module {
    source = "./modules/notification_function"
  }

  variables {
    environment_variables = { HOLD = "for ever" }
  }

  expect_failures = [var.environment_variables]
}

run "a_variable_of_a_secret_cannot_be_replaced" {
  command = plan

  module {
    source = "./modules/notification_function"
  }

  variables {
    secret_arns           = { INVOICES_SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:invoices-AbCdEf" }
    environment_variables = { INVOICES_SECRET_ARN = "mine" }
  }

  expect_failures = [var.environment_variables]
}

run "a_variable_of_lambda_cannot_be_set" {
  command = plan

  module {
    source = "./modules/notification_function"
  }

  variables {
    environment_variables = { AWS_REGION = "eu-south-1" }
  }

  expect_failures = [var.environment_variables]
}

run "a_right_to_everything_is_refused" {
  command = plan

  module {
    source = "./modules/notification_function"
  }

  variables {
    action_policy_statements = [{ actions = ["dynamodb:*"], resources = ["*"] }]
  }

  expect_failures = [var.action_policy_statements]
}

run "a_statement_without_resources_is_refused" {
  command = plan

  module {
    source = "./modules/notification_function"
  }

  variables {
    action_policy_statements = [{ actions = ["dynamodb:GetItem"], resources = [] }]
  }

  expect_failures = [var.action_policy_statements]
}
