variable "app_name" {
  description = "Name of the Chalice app: the prefix of its functions' names."
  type        = string
}

variable "stage" {
  description = "Stage of the Chalice app."
  type        = string
}

variable "function_names" {
  description = "Names of the app's functions other than the API."
  type        = set(string)
  default     = []
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

variable "table_arn" {
  description = "ARN of the table that holds schedules and runs."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+$", var.table_arn))
    error_message = "table_arn must be the ARN of one table, without wildcards."
  }
}

variable "scheduler_group_arn" {
  description = "ARN of the schedule group whose schedules the API manages."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:scheduler:[a-z0-9-]+:[0-9]{12}:schedule-group/[A-Za-z0-9_.-]+$", var.scheduler_group_arn))
    error_message = "scheduler_group_arn must be the ARN of one schedule group."
  }
}

variable "scheduler_role_arn" {
  description = "ARN of the only role that the API may pass to EventBridge Scheduler."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$", var.scheduler_role_arn))
    error_message = "scheduler_role_arn must be the ARN of one role, without wildcards."
  }
}

variable "notification_lambda_arn" {
  description = "ARN of the Notification Lambda, which the API invokes for work that EventBridge does not start."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+$", var.notification_lambda_arn))
    error_message = "notification_lambda_arn must be the ARN of one function, without a version and without wildcards."
  }
}

variable "webhook_master_secret_arn" {
  description = "ARN of the secret that webhook keys are derived from."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:secretsmanager:[^*?]+:secret:[^*?]+$", var.webhook_master_secret_arn))
    error_message = "webhook_master_secret_arn must be the ARN of one secret, without wildcards."
  }
}

variable "kms_key_arn" {
  description = "KMS key of the log groups and the table. Null means AWS's keys."
  type        = string
  default     = null
}
