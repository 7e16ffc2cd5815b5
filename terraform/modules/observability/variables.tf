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

variable "log_group_name" {
  description = "Name of the Notification Lambda's log group, whose lines are JSON."
  type        = string
}

variable "event_age_seconds" {
  description = "Seconds that Lambda keeps an event for the Notification Lambda."
  type        = number
  default     = 3600
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

variable "work_dead_letters_per_hour" {
  description = "How much work may be given up within an hour without an alarm: users' own mistakes fail too."
  type        = number
  default     = 100
}

variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that alarms, and their end, are sent to; without any, alarms are only seen in CloudWatch."
  type        = set(string)
  default     = []
}
