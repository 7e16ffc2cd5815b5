mock_provider "aws" {
  mock_resource "aws_secretsmanager_secret_version" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-webhook-master-test-AbCdEf" }
  }
}

variables {
  project = "mail"
  stage   = "test"
}

run "a_secret_whose_value_nobody_sees" {
  module {
    source = "./modules/webhook_secret"
  }

  assert {
    condition     = aws_secretsmanager_secret.master.name == "mail-webhook-master-test"
    error_message = "The secret is {project}-webhook-master-{stage}."
  }

  assert {
    condition     = aws_secretsmanager_secret.master.recovery_window_in_days == 30
    error_message = "A deleted secret can be had back for 30 days."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.master.secret_string_wo == null
    error_message = "The state has no value, only its number."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.master.secret_string_wo_version == 1
    error_message = "The value is written once."
  }

  assert {
    condition     = output.secret_arn == "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-webhook-master-test-AbCdEf"
    error_message = "The ARN is that of the secret."
  }
}

run "a_stage_that_may_be_thrown_away_leaves_no_name_behind" {
  module {
    source = "./modules/webhook_secret"
  }

  variables {
    deletion_protection = false
  }

  assert {
    condition     = aws_secretsmanager_secret.master.recovery_window_in_days == 0
    error_message = "The next stage of this name can have the secret at once."
  }
}

run "a_key_of_ones_own_encrypts_it" {
  module {
    source = "./modules/webhook_secret"
  }

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/8d1f0a3e-0000-4000-8000-000000000000"
  }

  assert {
    condition     = aws_secretsmanager_secret.master.kms_key_id == var.kms_key_arn
    error_message = "The secret is encrypted with the key."
  }
}
