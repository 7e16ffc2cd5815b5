mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_resource "aws_scheduler_schedule_group" {
    defaults = { arn = "arn:aws:scheduler:eu-central-1:111122223333:schedule-group/mail-scheduler-group-test" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:111122223333:mail-delivery-dead-letters-test" }
  }
}

variables {
  project             = "mail"
  stage               = "test"
  target_function_arn = "arn:aws:lambda:eu-central-1:111122223333:function:mail-notification-test"
}

run "a_group_that_reaches_one_function_and_one_queue" {
  module {
    source = "./modules/schedule_group"
  }

  assert {
    condition     = output.group_name == "mail-scheduler-group-test"
    error_message = "The group is {project}-scheduler-group-{stage}."
  }

  assert {
    condition     = aws_sqs_queue.delivery_dead_letters.name == "mail-delivery-dead-letters-test"
    error_message = "The queue is {project}-delivery-dead-letters-{stage}."
  }

  assert {
    condition     = aws_sqs_queue.delivery_dead_letters.sqs_managed_sse_enabled
    error_message = "The queue is encrypted."
  }

  assert {
    condition = (
      aws_sqs_queue.delivery_dead_letters.message_retention_seconds == 14 * 24 * 3600 &&
      aws_sqs_queue.delivery_dead_letters.max_message_size == 256 * 1024
    )
    error_message = "Messages of 256 KB are kept as long as SQS can."
  }

  assert {
    condition = jsondecode(aws_iam_role.scheduler.assume_role_policy).Statement == [{
      Sid       = "SchedulesOfThisGroupOnly"
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = "111122223333"
          "aws:SourceArn"     = "arn:aws:scheduler:eu-central-1:111122223333:schedule-group/mail-scheduler-group-test"
        }
      }
    }]
    error_message = "The role trusts EventBridge Scheduler for this account and this group only."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.scheduler.policy).Statement : statement.Action => statement.Resource
      } == {
      "lambda:InvokeFunction" = "arn:aws:lambda:eu-central-1:111122223333:function:mail-notification-test"
      "sqs:SendMessage"       = "arn:aws:sqs:eu-central-1:111122223333:mail-delivery-dead-letters-test"
    }
    error_message = "The role has these two permissions and no other."
  }
}

run "a_function_with_a_wildcard_is_refused" {
  command = plan

  module {
    source = "./modules/schedule_group"
  }

  variables {
    target_function_arn = "arn:aws:lambda:eu-central-1:111122223333:function:*"
  }

  expect_failures = [var.target_function_arn]
}

run "a_key_of_ones_own_encrypts_the_queue_and_is_the_roles_to_write_to_it" {
  module {
    source = "./modules/schedule_group"
  }

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/8d1f0a3e-0000-4000-8000-000000000000"
  }

  assert {
    condition     = aws_sqs_queue.delivery_dead_letters.kms_master_key_id == var.kms_key_arn
    error_message = "The queue is encrypted with the key."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.scheduler.policy).Statement :
      [statement.Action, statement.Resource] if statement.Sid == "UseTheKey"
    ] == [[["kms:Decrypt", "kms:GenerateDataKey"], var.kms_key_arn]]
    error_message = "The role may use exactly this key."
  }
}
