resource "aws_secretsmanager_secret" "master" {
  name                    = "${var.project}-webhook-master-${var.stage}"
  description             = "Webhook signing keys of ${var.project} ${var.stage} are derived from it"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.deletion_protection ? 30 : 0 # with it goes each consumer's key
}

# Written when it is new and when value_version changes; Secrets Manager then keeps the value before as AWSPREVIOUS.
# A write-only argument is in no state and in no plan. uuid() differs with each apply and uses the system's source of
# randomness. (Terraform's mock providers have no ephemeral random password.)
resource "aws_secretsmanager_secret_version" "master" {
  secret_id                = aws_secretsmanager_secret.master.id
  secret_string_wo         = "${uuid()}${uuid()}"
  secret_string_wo_version = var.value_version
}
