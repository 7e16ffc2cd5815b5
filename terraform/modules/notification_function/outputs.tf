output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.notification.function_name
}

output "function_arn" {
  description = "ARN of the function, without a version."
  value       = aws_lambda_function.notification.arn
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.notification.name
}

output "work_dead_letter_queue_arn" {
  description = "ARN of the queue for runs that failed."
  value       = aws_sqs_queue.work_dead_letters.arn
}

output "work_dead_letter_queue_url" {
  description = "URL of the queue for runs that failed."
  value       = aws_sqs_queue.work_dead_letters.url
}
