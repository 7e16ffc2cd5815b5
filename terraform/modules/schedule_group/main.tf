# Terraform owns the group, and the application its schedules. Deleting the group deletes them all.
resource "aws_scheduler_schedule_group" "schedules" {
  name = "${var.project}-scheduler-group-${var.stage}"
}

# Payloads that EventBridge could not deliver: the function is missing, the role lacks permission, or retries are used up.
resource "aws_sqs_queue" "delivery_dead_letters" {
  name                      = "${var.project}-delivery-dead-letters-${var.stage}"
  message_retention_seconds = 1209600 # 14 days, the most that SQS keeps
  max_message_size          = 262144  # the most that every version of the provider takes

  # SQS accepts its own key or a KMS key, not both.
  sqs_managed_sse_enabled = var.kms_key_arn == null ? true : null
  kms_master_key_id       = var.kms_key_arn
}
