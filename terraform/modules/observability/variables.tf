variable "project" {
  description = "First part of every name."
  type        = string
}

variable "stage" {
  description = "Last part of every name."
  type        = string
}

variable "function_name" {
  description = "Name of the Notification Lambda."
  type        = string
}

variable "sweeper_function_name" {
  description = "Name of the sweeper, as Chalice names it."
  type        = string
}

variable "scheduler_group_name" {
  description = "Name of the schedule group."
  type        = string
}

variable "delivery_dead_letter_queue_arn" {
  description = "ARN of the queue for payloads that EventBridge could not deliver."
  type        = string
}

variable "work_dead_letter_queue_arn" {
  description = "ARN of the queue for work that the Notification Lambda could not do."
  type        = string
}

variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that alarms are sent to; without any, alarms are only seen in CloudWatch."
  type        = set(string)
  default     = []
}
