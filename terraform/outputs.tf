output "project_name" {
  description = "Project that everything is named by."
  value       = var.project
}

output "stage_name" {
  description = "Stage that this state belongs to; `python -m deploy render` refuses another one."
  value       = var.stage
}

output "region_name" {
  description = "AWS Region of everything."
  value       = var.region
}

output "app_name" {
  description = "Name of the Chalice app that the log groups, permissions and alarms are for; `python -m deploy render` refuses another one."
  value       = var.app_name
}

output "lambda_runtime" {
  description = "Runtime of all functions; `python -m deploy render` refuses another Python."
  value       = var.lambda_runtime
}

output "api_rate_limit" {
  description = "Requests a second to the API, as text: `python -m deploy finish` sets it."
  value       = tostring(var.api_rate_limit)
}

output "api_burst_limit" {
  description = "Requests at once to the API, as text: `python -m deploy finish` sets it."
  value       = tostring(var.api_burst_limit)
}

output "lambda_architecture" {
  description = "Processor of all functions, the API's included."
  value       = var.lambda_architecture
}

output "table_name" {
  description = "Name of the one DynamoDB table."
  value       = module.schedules_table.table_name
}

output "table_arn" {
  description = "ARN of the one DynamoDB table."
  value       = module.schedules_table.table_arn
}

output "scheduler_group_name" {
  description = "Name of the schedule group that holds every schedule of this stage."
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
  description = "ARN of the queue for work that the Notification Lambda could not do."
  value       = module.notification_function.work_dead_letter_queue_arn
}

output "work_dead_letter_queue_url" {
  description = "URL of the queue for work that the Notification Lambda could not do."
  value       = module.notification_function.work_dead_letter_queue_url
}

output "webhook_master_secret_arn" {
  description = "ARN of the secret that the keys of webhooks are made from."
  value       = module.webhook_secret.secret_arn
}

output "event_age_seconds" {
  description = "Seconds that Lambda keeps an event whose invocation failed, as text: the sweeper waits as long."
  value       = tostring(var.event_age_seconds)
}

output "run_retention_days" {
  description = "Days that the record of a run is kept, as text: the API and the sweeper write such records too."
  value       = tostring(var.run_retention_days)
}

output "cors_origins" {
  description = "Origins of the pages that may call the API, separated by commas; empty if there are none."
  value       = join(",", var.cors_origins)
}

output "api_policy_json" {
  description = "IAM policy of the Chalice app's functions; rendered to .chalice/policy-{stage}.json."
  value       = module.api_access.policy_json
}
