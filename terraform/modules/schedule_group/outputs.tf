output "group_name" {
  description = "Name of the schedule group."
  value       = aws_scheduler_schedule_group.schedules.name
}

output "group_arn" {
  description = "ARN of the schedule group."
  value       = aws_scheduler_schedule_group.schedules.arn
}

output "role_arn" {
  description = "ARN of the role that EventBridge Scheduler assumes."
  value       = aws_iam_role.scheduler.arn
}

output "delivery_dead_letter_queue_arn" {
  description = "ARN of the queue for payloads that EventBridge could not deliver."
  value       = aws_sqs_queue.delivery_dead_letters.arn
}

output "delivery_dead_letter_queue_url" {
  description = "URL of the queue for payloads that EventBridge could not deliver."
  value       = aws_sqs_queue.delivery_dead_letters.url
}
