# Chalice creates the functions and their roles. Terraform defines the roles' permissions and owns the log groups, so that
# logs have a retention and outlive a function.

locals {
  chalice_functions = toset(concat(
    ["${var.app_name}-${var.stage}"],
    [for name in var.function_names : "${var.app_name}-${var.stage}-${name}"],
  ))
}

resource "aws_cloudwatch_log_group" "api" {
  for_each = local.chalice_functions

  name              = "/aws/lambda/${each.value}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}
