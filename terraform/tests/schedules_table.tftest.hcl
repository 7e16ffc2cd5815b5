mock_provider "aws" {}

variables {
  project = "mail"
  stage   = "test"
}

run "a_table_that_keeps_what_it_is_given" {
  module {
    source = "./modules/schedules_table"
  }

  assert {
    condition     = aws_dynamodb_table.schedules.name == "mail-schedules-test"
    error_message = "The table is named by project and stage."
  }

  assert {
    condition     = [aws_dynamodb_table.schedules.hash_key, aws_dynamodb_table.schedules.range_key] == ["PK", "SK"]
    error_message = "The keys are PK and SK."
  }

  assert {
    condition     = toset(aws_dynamodb_table.schedules.attribute[*].type) == toset(["S"])
    error_message = "Every key is a string."
  }

  assert {
    condition     = aws_dynamodb_table.schedules.billing_mode == "PAY_PER_REQUEST"
    error_message = "The table is on demand."
  }

  assert {
    condition = {
      for index in aws_dynamodb_table.schedules.global_secondary_index :
      index.name => [index.hash_key, index.range_key, index.projection_type]
      } == {
      by_resource = ["by_resource_pk", "by_resource_sk", "ALL"]
      by_time     = ["by_time_pk", "by_time_sk", "ALL"]
      watch       = ["watch_pk", "watch_at", "KEYS_ONLY"]
    }
    error_message = "The indexes are those of the design, section 4."
  }

  assert {
    condition     = one(aws_dynamodb_table.schedules.point_in_time_recovery[*].enabled)
    error_message = "Point-in-time recovery is on."
  }

  assert {
    condition     = one(aws_dynamodb_table.schedules.server_side_encryption[*].enabled) == false
    error_message = "The key is one that AWS owns and does not bill: no KMS key of the account."
  }

  assert {
    condition     = aws_dynamodb_table.schedules.deletion_protection_enabled
    error_message = "The table is protected unless a stage says otherwise."
  }

  assert {
    condition     = one(aws_dynamodb_table.schedules.ttl[*].attribute_name) == "expires_at" && one(aws_dynamodb_table.schedules.ttl[*].enabled)
    error_message = "Only expires_at lets DynamoDB remove items."
  }
}

run "a_key_of_ones_own_encrypts_the_table" {
  module {
    source = "./modules/schedules_table"
  }

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/8d1f0a3e-0000-4000-8000-000000000000"
  }

  assert {
    condition     = one(aws_dynamodb_table.schedules.server_side_encryption[*].kms_key_arn) == var.kms_key_arn
    error_message = "The table is encrypted with the key."
  }
}
