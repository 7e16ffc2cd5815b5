variable "project" {
  description = "Prefix of every name."
  type        = string
}

variable "stage" {
  description = "Suffix of every name."
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
  description = "ARN of the queue for runs that failed."
  type        = string
}

variable "work_dead_letters_per_hour" {
  description = "Failed runs per hour that cause no alarm: users' mistakes fail, too."
  type        = number
  default     = 100
}

variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that are notified when an alarm starts or ends. Without topics, alarms are visible in CloudWatch only."
  type        = set(string)
  default     = []
}
