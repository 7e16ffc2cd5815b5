# The root only composes: first the table, then the function that uses it, then the role that invokes the function.

module "schedules_table" {
  source = "./modules/schedules_table"

  project             = var.project
  stage               = var.stage
  deletion_protection = var.deletion_protection
  kms_key_arn         = var.kms_key_arn
}

module "webhook_secret" {
  source = "./modules/webhook_secret"

  project             = var.project
  stage               = var.stage
  value_version       = var.webhook_secret_version
  deletion_protection = var.deletion_protection
  kms_key_arn         = var.kms_key_arn
}

module "notification_function" {
  source = "./modules/notification_function"

  project                   = var.project
  stage                     = var.stage
  package                   = var.notification_package
  runtime                   = var.lambda_runtime
  architecture              = var.lambda_architecture
  table_name                = module.schedules_table.table_name
  table_arn                 = module.schedules_table.table_arn
  sender_address            = var.sender_address
  ses_identity              = var.ses_identity
  event_bus_name            = var.event_bus_name
  allow_sms                 = var.allow_sms
  allow_push                = var.allow_push
  secret_arns               = var.secret_arns
  environment_variables     = var.environment_variables
  action_policy_statements  = var.action_policy_statements
  webhook_master_secret_arn = module.webhook_secret.secret_arn
  loopback_webhooks         = var.loopback_webhooks
  run_retention_days        = var.run_retention_days
  report_retention_days     = var.report_retention_days
  event_age_seconds         = var.event_age_seconds
  max_concurrency           = var.max_concurrency
  action_rates              = var.action_rates
  log_retention_days        = var.log_retention_days
  kms_key_arn               = var.kms_key_arn
}

module "schedule_group" {
  source = "./modules/schedule_group"

  project             = var.project
  stage               = var.stage
  target_function_arn = module.notification_function.function_arn
  kms_key_arn         = var.kms_key_arn
}

module "api_access" {
  source = "./modules/api_access"

  app_name                = var.app_name
  stage                   = var.stage
  function_names          = var.api_function_names
  log_retention_days      = var.log_retention_days
  table_arn               = module.schedules_table.table_arn
  scheduler_group_arn     = module.schedule_group.group_arn
  scheduler_role_arn      = module.schedule_group.role_arn
  notification_lambda_arn = module.notification_function.function_arn
  kms_key_arn             = var.kms_key_arn

  webhook_master_secret_arn = module.webhook_secret.secret_arn
}

module "observability" {
  source = "./modules/observability"

  project                        = var.project
  stage                          = var.stage
  function_name                  = module.notification_function.function_name
  log_group_name                 = module.notification_function.log_group_name
  event_age_seconds              = var.event_age_seconds
  sweeper_function_name          = "${var.app_name}-${var.stage}-sweep"
  scheduler_group_name           = module.schedule_group.group_name
  delivery_dead_letter_queue_arn = module.schedule_group.delivery_dead_letter_queue_arn
  work_dead_letter_queue_arn     = module.notification_function.work_dead_letter_queue_arn
  work_dead_letters_per_hour     = var.work_dead_letters_per_hour
  alarm_topic_arns               = var.alarm_topic_arns
}
