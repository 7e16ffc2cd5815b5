output "project_name" {
  description = "Prefix of every resource name."
  value       = var.project
}

output "stage_name" {
  description = "Stage that this state belongs to; `python -m deploy render` refuses another one."
  value       = var.stage
}

output "region_name" {
  description = "AWS Region of all resources."
  value       = var.region
}

output "app_name" {
  description = "Name of the Chalice app that the log groups, permissions and alarms belong to; `python -m deploy render` refuses another one."
  value       = var.app_name
}

output "lambda_runtime" {
  description = "Runtime of all functions; `python -m deploy render` refuses another Python."
  value       = var.lambda_runtime
}

output "api_rate_limit" {
  description = "Requests per second to the API, as text: `python -m deploy finish` sets it."
  value       = tostring(var.api_rate_limit)
}

output "api_burst_limit" {
  description = "Burst of requests to the API, as text: `python -m deploy finish` sets it."
  value       = tostring(var.api_burst_limit)
}

output "lambda_architecture" {
  description = "Processor of all functions, including the API."
  value       = var.lambda_architecture
}

output "table_name" {
  description = "Name of the DynamoDB table."
  value       = module.schedules_table.table_name
}

output "table_arn" {
  description = "ARN of the DynamoDB table."
  value       = module.schedules_table.table_arn
}

output "scheduler_group_name" {
  description = "Name of the schedule group of this stage's schedules."
  value       = module.schedule_group.group_name
}

output "scheduler_role_arn" {
  description = "ARN of the role that EventBridge Scheduler assumes to invoke the Notification Lambda."
  value       = module.schedule_group.role_arn
}

output "notification_lambda_name" {
  description = "Name of the Notification Lambda."
  value       = module.notification_function.function_name
}

output "notification_lambda_arn" {
  description = "ARN of the Notification Lambda."
  value       = module.notification_function.function_arn
}

output "delivery_dead_letter_queue_arn" {
  description = "ARN of the queue for payloads that EventBridge could not deliver."
  value       = module.schedule_group.delivery_dead_letter_queue_arn
}

output "delivery_dead_letter_queue_url" {
  description = "URL of the queue for payloads that EventBridge could not deliver."
  value       = module.schedule_group.delivery_dead_letter_queue_url
}

output "work_dead_letter_queue_arn" {
  description = "ARN of the queue for runs that failed."
  value       = module.notification_function.work_dead_letter_queue_arn
}

output "work_dead_letter_queue_url" {
  description = "URL of the queue for runs that failed."
  value       = module.notification_function.work_dead_letter_queue_url
}

output "webhook_master_secret_arn" {
  description = "ARN of the secret that webhook keys are derived from."
  value       = module.webhook_secret.secret_arn
}

output "event_age_seconds" {
  description = "Seconds that Lambda keeps an event whose invocation failed, as text. The sweeper waits as long."
  value       = tostring(var.event_age_seconds)
}

output "run_retention_days" {
  description = "Days that a run's record is kept, as text, for the API and the sweeper, which also write records."
  value       = tostring(var.run_retention_days)
}

output "cors_origins" {
  description = "Origins of the pages that may call the API, separated by commas; empty if there are none."
  value       = join(",", var.cors_origins)
}

output "console_client_id" {
  description = "Client id of the console at the issuer of tokens; empty if the console is off."
  value       = var.console_client_id
}

output "console_scopes" {
  description = "Scopes that the console asks the issuer for, separated by spaces; empty means the defaults."
  value       = join(" ", var.console_scopes)
}

output "api_policy_json" {
  description = "IAM policy of the Chalice app's functions; rendered to .chalice/policy-{stage}.json."
  value       = module.api_access.policy_json
}
