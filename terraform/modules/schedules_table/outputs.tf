output "table_name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.schedules.name
}

output "table_arn" {
  description = "ARN of the table; its indexes are {arn}/index/{name}."
  value       = aws_dynamodb_table.schedules.arn
}
