# One table for all items (docs/adr/0003-one-table.md). Every key is a string.

resource "aws_dynamodb_table" "schedules" {
  name                        = "${var.project}-schedules-${var.stage}"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = var.deletion_protection
  hash_key                    = "PK"
  range_key                   = "SK"

  dynamic "attribute" {
    for_each = toset([
      "PK", "SK", "by_resource_pk", "by_resource_sk", "by_time_pk", "by_time_sk", "watch_pk", "watch_at",
    ])

    content {
      name = attribute.value
      type = "S"
    }
  }

  # Lists return whole items: the body of the action is another item.
  global_secondary_index {
    name            = "by_resource"
    hash_key        = "by_resource_pk"
    range_key       = "by_resource_sk"
    projection_type = "ALL"
  }

  global_secondary_index {
    name            = "by_time"
    hash_key        = "by_time_pk"
    range_key       = "by_time_sk"
    projection_type = "ALL"
  }

  # The sweeper reads each item again before it acts, so keys are enough.
  global_secondary_index {
    name            = "watch"
    hash_key        = "watch_pk"
    range_key       = "watch_at"
    projection_type = "KEYS_ONLY"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  # Every table is encrypted. `enabled = false` means a key that AWS owns, without charge; enabled without a key means the
  # account's `aws/dynamodb`, whose uses are billed (DynamoDB Developer Guide, encryption.howitworks).
  server_side_encryption {
    enabled     = var.kms_key_arn != null
    kms_key_arn = var.kms_key_arn
  }
}
