variable "project" {
  description = "Prefix of every name."
  type        = string
}

variable "stage" {
  description = "Suffix of every name."
  type        = string
}

variable "package" {
  description = "Path of the function's zip."
  type        = string
}

variable "runtime" {
  description = "Lambda runtime."
  type        = string
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
    error_message = "table_arn must be the ARN of one table, without wildcards."
  }
}

variable "sender_address" {
  description = "Sender address of emails."
  type        = string
}

variable "ses_identity" {
  description = "Existing SES identity that covers sender_address: its domain, or the address itself. Null creates an identity for sender_address."
  type        = string
  default     = null
}

variable "event_bus_name" {
  description = "Existing event bus that the action `event` sends events to."
  type        = string
  default     = "default"
}

variable "allow_sms" {
  description = "Whether the action `sms` may send messages. They cost money, and users choose the number."
  type        = bool
  default     = true
}

variable "allow_push" {
  description = "Whether the action `push` may send to the devices registered with SNS in this account and Region."
  type        = bool
  default     = true
}

variable "secret_arns" {
  description = "Secrets that the function may read: name of the environment variable -> ARN, which is the variable's value."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.secret_arns) : !contains(local.taken_variables, name) && !can(regex("^(AWS|LAMBDA)_", name))
    ])
    error_message = "A key of secret_arns must not be a variable that the function or Lambda has already."
  }
}

variable "environment_variables" {
  description = "Environment variables for your own actions, in addition to the function's."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment_variables) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "A key of environment_variables must be the name of a variable: capital letters, digits and underscores."
  }

  validation {
    condition = alltrue([
      for name in keys(var.environment_variables) :
      !contains(concat(local.taken_variables, keys(var.secret_arns)), name) && !can(regex("^(AWS|LAMBDA)_", name))
    ])
    error_message = "A key of environment_variables must not be a variable that the function, secret_arns or Lambda has already."
  }
}

variable "action_policy_statements" {
  description = "Permissions of your own actions, in addition to those of the built-in actions: IAM statements that allow actions on resources."
  type        = list(object({ actions = list(string), resources = list(string), conditions = optional(map(map(list(string))), {}) }))
  default     = []

  validation {
    condition = alltrue([
      for statement in var.action_policy_statements : length(statement.actions) > 0 && length(statement.resources) > 0
    ])
    error_message = "A statement of action_policy_statements must name at least one action and one resource."
  }

  validation {
    condition = alltrue(flatten([
      for statement in var.action_policy_statements :
      [for action in statement.actions : can(regex("^[a-z0-9-]+:[A-Za-z0-9-]+$", action))]
    ]))
    error_message = "An action of action_policy_statements must have no wildcard, such as dynamodb:GetItem."
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

variable "loopback_webhooks" {
  description = "Whether webhooks may call the machine that the function runs on. Only the local cloud needs it."
  type        = bool
  default     = false
}

variable "run_retention_days" {
  description = "Days that a run's record is kept."
  type        = number
  default     = 90
}

variable "report_retention_days" {
  description = "Days that report files are kept; 0 keeps them forever. A link to a file works for hours only."
  type        = number
  default     = 7
}

variable "event_age_seconds" {
  description = "Seconds that Lambda retries an event whose invocation crashed or was throttled."
  type        = number
  default     = 3600
}

variable "max_concurrency" {
  description = "Largest number of concurrent invocations (reserved concurrency). Null sets no limit."
  type        = number
  default     = null
}

variable "action_rates" {
  description = "Largest number of action starts per second over all invocations, by action type."
  type        = map(number)
  default     = {}
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

variable "kms_key_arn" {
  description = "KMS key of the log group, the queue, the reports and the table. Null means AWS's keys."
  type        = string
  default     = null
}
