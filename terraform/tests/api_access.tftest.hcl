mock_provider "aws" {
  override_resource {
    target = aws_cloudwatch_log_group.api["tasks-test"]
    values = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/tasks-test" }
  }

  override_resource {
    target = aws_cloudwatch_log_group.api["tasks-test-sweep"]
    values = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/tasks-test-sweep" }
  }
}

variables {
  app_name                = "tasks"
  stage                   = "test"
  function_names          = ["sweep"]
  table_arn               = "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test"
  scheduler_group_arn     = "arn:aws:scheduler:eu-central-1:111122223333:schedule-group/mail-scheduler-group-test"
  scheduler_role_arn      = "arn:aws:iam::111122223333:role/mail-scheduler-test"
  notification_lambda_arn = "arn:aws:lambda:eu-central-1:111122223333:function:mail-notification-test"

  webhook_master_secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-webhook-master-test-AbCdEf"
}

run "an_api_that_manages_the_schedules_of_one_group" {
  module {
    source = "./modules/api_access"
  }

  assert {
    condition     = output.log_group_names == ["/aws/lambda/tasks-test", "/aws/lambda/tasks-test-sweep"]
    error_message = "There is a log group for the API and one for each other function, by the names that Chalice gives."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.api : group.retention_in_days == 30])
    error_message = "Logs are kept 30 days."
  }

  assert {
    condition = {
      for statement in jsondecode(output.policy_json).Statement :
      join(" ", statement.Action) => join(" ", statement.Resource)
      } == {
      "scheduler:CreateSchedule scheduler:DeleteSchedule scheduler:GetSchedule scheduler:UpdateSchedule" = (
        "arn:aws:scheduler:eu-central-1:111122223333:schedule/mail-scheduler-group-test/*"
      )
      "iam:PassRole"          = "arn:aws:iam::111122223333:role/mail-scheduler-test"
      "lambda:InvokeFunction" = "arn:aws:lambda:eu-central-1:111122223333:function:mail-notification-test"
      "secretsmanager:GetSecretValue" = (
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-webhook-master-test-AbCdEf"
      )
      (join(" ", [
        "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem",
        "dynamodb:PutItem", "dynamodb:UpdateItem",
      ])) = "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test"
      "dynamodb:Query" = join(" ", [
        "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test",
        "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test/index/by_resource",
        "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test/index/by_time",
        "arn:aws:dynamodb:eu-central-1:111122223333:table/mail-schedules-test/index/watch",
      ])
      "logs:CreateLogStream logs:PutLogEvents" = join(" ", [
        "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/tasks-test:log-stream:*",
        "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/tasks-test-sweep:log-stream:*",
      ])
    }
    error_message = "The API has these permissions on these resources, and no other."
  }

  assert {
    condition = [
      for statement in jsondecode(output.policy_json).Statement :
      statement.Condition if contains(statement.Action, "iam:PassRole")
    ] == [{ StringEquals = { "iam:PassedToService" = "scheduler.amazonaws.com" } }]
    error_message = "PassRole is bound to scheduler.amazonaws.com."
  }
}

run "a_key_of_ones_own_encrypts_the_logs_and_is_the_apis_to_read_the_table_with" {
  module {
    source = "./modules/api_access"
  }

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/8d1f0a3e-0000-4000-8000-000000000000"
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.api : group.kms_key_id == var.kms_key_arn])
    error_message = "The log groups are encrypted with the key."
  }

  assert {
    condition = [
      for statement in jsondecode(output.policy_json).Statement :
      [statement.Action, statement.Resource] if statement.Sid == "UseTheKey"
    ] == [[["kms:Decrypt"], [var.kms_key_arn]]]
    error_message = "The API may decrypt with exactly this key."
  }
}
