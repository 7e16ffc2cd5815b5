output "policy_json" {
  description = "IAM policy of the Chalice app's functions, as JSON."
  value       = jsonencode(local.policy)
}

output "log_group_names" {
  description = "Names of the log groups of the Chalice app's functions, sorted."
  value       = [for group in aws_cloudwatch_log_group.api : group.name]
}
