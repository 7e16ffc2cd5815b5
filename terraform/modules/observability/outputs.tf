output "alarm_names" {
  description = "Names of the alarms, sorted."
  value = sort(concat(
    [for alarm in aws_cloudwatch_metric_alarm.alarms : alarm.alarm_name],
    [aws_cloudwatch_metric_alarm.sweeper_silent.alarm_name],
  ))
}
