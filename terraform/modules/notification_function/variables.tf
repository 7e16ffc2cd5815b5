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

variable "allow_sms" {
  description = "Whether the action `sms` may send to phones. They cost money, and the number is the user's to choose."
  type        = bool
  default     = true
}

variable "allow_push" {
  description = "Whether the action `push` may send to the devices that SNS has in this account and Region."
  type        = bool
  default     = true
}

variable "secret_arns" {
  description = "Secrets that the function may read: name of the environment variable -> ARN, which is its value."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.secret_arns) : !contains(local.taken_variables, name) && !can(regex("^(AWS|LAMBDA)_", name))
    ])
    error_message = "A key of secret_arns is a variable that the function or Lambda has already."
  }
}

variable "environment_variables" {
  description = "Environment variables that your own actions read, beside the function's own."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment_variables) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "A key of environment_variables is the name of a variable: capital letters, digits and underscores."
  }

  validation {
    condition = alltrue([
      for name in keys(var.environment_variables) :
      !contains(concat(local.taken_variables, keys(var.secret_arns)), name) && !can(regex("^(AWS|LAMBDA)_", name))
    ])
    error_message = "A key of environment_variables is a variable that the function, secret_arns or Lambda has already."
  }
}

variable "action_policy_statements" {
  description = "What your own actions may do beside the built-in ones: statements of an IAM policy that allow actions on resources."
  type        = list(object({ actions = list(string), resources = list(string), conditions = optional(map(map(list(string))), {}) }))
  default     = []

  validation {
    condition = alltrue([
      for statement in var.action_policy_statements : length(statement.actions) > 0 && length(statement.resources) > 0
    ])
    error_message = "A statement of action_policy_statements names at least one action and one resource."
  }

  validation {
    condition = alltrue(flatten([
      for statement in var.action_policy_statements :
      [for action in statement.actions : can(regex("^[a-z0-9-]+:[A-Za-z0-9-]+$", action))]
    ]))
    error_message = "An action of action_policy_statements is spelled out, such as dynamodb:GetItem, without wildcards."
  }
}

variable "webhook_master_secret_arn" {
  description = "ARN of the secret that the keys of webhooks are made from."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:secretsmanager:[^*?]+:secret:[^*?]+$", var.webhook_master_secret_arn))
    error_message = "webhook_master_secret_arn is the ARN of one secret, without wildcards."
  }
}

variable "loopback_webhooks" {
  description = "Whether webhooks may call the machine that the function runs on. The local cloud alone needs it."
  type        = bool
  default     = false
}

variable "run_retention_days" {
  description = "Days that the record of a run is kept."
  type        = number
  default     = 90
}

variable "report_retention_days" {
  description = "Days that the files of reports are kept; 0 keeps them for ever. A link to one works for hours only."
  type        = number
  default     = 7
}

variable "event_age_seconds" {
  description = "Seconds that Lambda keeps trying an event whose invocation crashed or was throttled."
  type        = number
  default     = 3600
}

variable "max_concurrency" {
  description = "How many invocations may run at once (reserved concurrency). Null sets no limit."
  type        = number
  default     = null
}

variable "action_rates" {
  description = "How often a second an action may begin, by its type, over all max_concurrency invocations."
  type        = map(number)
  default     = {}
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

variable "kms_key_arn" {
  description = "Key of your own for the log group, the queue and the reports, and which the table has; null: AWS's."
  type        = string
  default     = null
}
