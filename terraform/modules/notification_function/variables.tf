variable "project" {
  description = "First part of every name."
  type        = string
}

variable "stage" {
  description = "Last part of every name."
  type        = string
}

variable "package" {
  description = "Path of the function's zip."
  type        = string
}

variable "runtime" {
  description = "Lambda runtime."
  type        = string
  default     = "python3.11"
}

variable "architecture" {
  description = "Processor: arm64 or x86_64."
  type        = string
  default     = "arm64"
}

variable "table_name" {
  description = "Name of the table that holds schedules and runs."
  type        = string
}

variable "table_arn" {
  description = "ARN of that table."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+$", var.table_arn))
    error_message = "table_arn is the ARN of one table, without wildcards."
  }
}

variable "sender_address" {
  description = "Address that e-mails are sent from."
  type        = string
}

variable "ses_identity" {
  description = "SES identity, there already, that covers sender_address: its domain, or itself. Null makes one of sender_address."
  type        = string
  default     = null
}

variable "event_bus_name" {
  description = "Event bus that the action `event` puts events on; it must exist."
  type        = string
  default     = "default"
}

variable "secret_arns" {
  description = "Secrets that the function may read: name of the environment variable -> ARN, which is its value."
  type        = map(string)
  default     = {}

  validation {
    condition = length(setintersection(keys(var.secret_arns), [
      "EVENT_BUS_NAME", "RUN_RETENTION_DAYS", "SENDER_ADDRESS", "TABLE_NAME", "WORK_DEAD_LETTER_QUEUE_URL",
    ])) == 0
    error_message = "A key of secret_arns is the name of an environment variable that the function has already."
  }
}

variable "run_retention_days" {
  description = "Days that the record of a run is kept."
  type        = number
  default     = 90
}

variable "event_age_seconds" {
  description = "Seconds that Lambda keeps trying an event whose invocation crashed or was throttled."
  type        = number
  default     = 3600
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

variable "kms_key_arn" {
  description = "Key of your own for the log group and the queue, and which the table has; null: AWS's."
  type        = string
  default     = null
}
