# The modules put together, and what the root refuses.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:111122223333:function:mail-notification-test" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/mail-notification-test" }
  }

  override_resource {
    target = module.schedule_group.aws_iam_role.scheduler
    values = { arn = "arn:aws:iam::111122223333:role/mail-scheduler-test" }
  }

  mock_resource "aws_secretsmanager_secret_version" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-webhook-master-test-AbCdEf" }
  }

  mock_resource "aws_scheduler_schedule_group" {
    defaults = { arn = "arn:aws:scheduler:eu-central-1:111122223333:schedule-group/mail-scheduler-group-test" }
  }

  override_resource {
    target = module.schedule_group.aws_sqs_queue.delivery_dead_letters
    values = { arn = "arn:aws:sqs:eu-central-1:111122223333:mail-delivery-dead-letters-test" }
  }

  override_resource {
    target = module.notification_function.aws_sqs_queue.work_dead_letters
    values = { arn = "arn:aws:sqs:eu-central-1:111122223333:mail-work-dead-letters-test" }
  }
}

variables {
  project              = "mail"
  stage                = "test"
  region               = "eu-central-1"
  sender_address       = "tasks@example.com"
  notification_package = "main.tf" # any file stands in for the zip
}

run "modules_that_hand_on_what_they_made" {
  assert {
    condition = (
      output.scheduler_group_name == "mail-scheduler-group-test" &&
      output.scheduler_role_arn == "arn:aws:iam::111122223333:role/mail-scheduler-test" &&
      output.notification_lambda_arn == "arn:aws:lambda:eu-central-1:111122223333:function:mail-notification-test" &&
      output.table_name == "mail-schedules-test" &&
      output.delivery_dead_letter_queue_arn == "arn:aws:sqs:eu-central-1:111122223333:mail-delivery-dead-letters-test" &&
      output.work_dead_letter_queue_arn == "arn:aws:sqs:eu-central-1:111122223333:mail-work-dead-letters-test" &&
      output.webhook_master_secret_arn == "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-webhook-master-test-AbCdEf" &&
      output.stage_name == "test" && output.region_name == "eu-central-1"
    )
    error_message = "Each output is that of its module."
  }

  assert {
    condition     = contains(module.observability.alarm_names, "mail-sweeper-silent-test")
    error_message = "The sweeper is watched."
  }

  assert {
    condition     = output.cors_origins == ""
    error_message = "No page of another origin may call the API unless it is named."
  }

  assert {
    condition     = output.console_client_id == "" && output.console_scopes == ""
    error_message = "The console is off unless its client id is given."
  }

  assert {
    condition     = output.event_age_seconds == "3600" && output.run_retention_days == "90"
    error_message = "The API and the sweeper keep to the same durations as the Notification Lambda."
  }

  assert {
    condition = [
      for statement in jsondecode(output.api_policy_json).Statement :
      statement.Resource if contains(statement.Action, "iam:PassRole")
    ] == [["arn:aws:iam::111122223333:role/mail-scheduler-test"]]
    error_message = "The role that the API passes is the one that the group module made."
  }

  assert {
    condition = [
      for statement in jsondecode(output.api_policy_json).Statement :
      statement.Resource if contains(statement.Action, "secretsmanager:GetSecretValue")
    ] == [[output.webhook_master_secret_arn]]
    error_message = "The API reads the master of webhook keys, and no other secret."
  }
}

run "a_key_of_ones_own_is_handed_on" {
  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/8d1f0a3e-0000-4000-8000-000000000000"
  }

  assert {
    condition = contains(
      flatten([for statement in jsondecode(output.api_policy_json).Statement : statement.Resource]), var.kms_key_arn
    )
    error_message = "The API may use the key."
  }
}

run "inputs_that_cannot_be_meant_are_refused" {
  command = plan

  variables {
    project              = "a-project-with-a-very-long-name" # names would grow too long for AWS
    stage                = "Production"
    ses_identity         = "example.org"          # sender_address lies outside it
    notification_package = "../build/missing.zip" # the message says how to make it
    alarm_topic_arns     = ["arn:aws:sns:eu-central-1:111122223333:*"]
    action_rates         = { email = 14 }                                     # of how many invocations?
    kms_key_arn          = "arn:aws:kms:eu-central-1:111122223333:alias/mail" # a policy must name the key

    webhook_secret_version = 1.5

    secret_arns = { WEBHOOK_SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:*" }
  }

  expect_failures = [
    var.project, var.stage, var.ses_identity, var.notification_package, var.secret_arns,
    var.alarm_topic_arns, var.action_rates, var.kms_key_arn, var.webhook_secret_version,
  ]
}

run "only_the_local_stage_lets_webhooks_call_its_own_machine" {
  command = plan

  variables {
    loopback_webhooks = true
  }

  expect_failures = [var.loopback_webhooks]
}
