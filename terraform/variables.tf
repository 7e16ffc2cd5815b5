variable "project" {
  description = "First part of every name. A change makes everything anew, and deletes every schedule with its group."
  type        = string
  default     = "scheduled-tasks"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,23}$", var.project))
    error_message = "project is 2 to 24 lower-case letters, digits and hyphens, and starts with a letter: names on AWS end at 64."
  }
}

variable "stage" {
  description = "Last part of every name, and the stage of the Chalice app: local, dev, prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.stage))
    error_message = "stage is 1 to 16 lower-case letters, digits and hyphens, and starts with a letter."
  }
}

variable "region" {
  description = "AWS Region of everything, for example eu-central-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the code of an AWS Region, for example eu-central-1."
  }
}

variable "account_id" {
  description = "Account of everything: Terraform refuses credentials of another one. Null allows any."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is the 12 digits of an AWS account, in quotes."
  }
}

variable "app_name" {
  description = "Name of the Chalice app as app.py says it; Chalice names its functions {app_name}-{stage}[-{function}]."
  type        = string
  default     = "scheduled-tasks"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,40}$", var.app_name))
    error_message = "app_name is 1 to 40 letters, digits, hyphens and underscores."
  }
}

variable "api_function_names" {
  description = "Names of the Chalice app's functions beside the API itself (scheduled functions and the like)."
  type        = set(string)
  default     = ["sweep"]

  validation {
    condition     = alltrue([for name in var.api_function_names : can(regex("^[A-Za-z0-9_]{1,40}$", name))])
    error_message = "api_function_names holds names of Python functions, 1 to 40 characters each."
  }
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table. Only a stage that may be thrown away sets it to false."
  type        = bool
  default     = true
}

variable "notification_package" {
  description = "Zip of the Notification Lambda, made by `python -m deploy package`; relative to the terraform folder."
  type        = string
  default     = "../build/notification.zip"

  validation {
    condition     = fileexists(var.notification_package)
    error_message = "There is no zip of the Notification Lambda yet. Run `python -m deploy package` first."
  }
}

variable "lambda_runtime" {
  description = "Runtime of the Notification Lambda: the only place that states it. Chalice gives the API that of the Python that deploys, and `python -m deploy package` refuses another."
  type        = string
  default     = "python3.11"

  validation {
    condition     = can(regex("^python3\\.1[1-9]$", var.lambda_runtime))
    error_message = "lambda_runtime is python3.11 or newer."
  }
}

variable "lambda_architecture" {
  description = "Processor of all functions, the API's included: arm64 costs less; a local cloud uses its machine's own."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.lambda_architecture)
    error_message = "lambda_architecture is arm64 or x86_64."
  }
}

variable "sender_address" {
  description = "Address that e-mails are sent from."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s<>]+@[^@\\s<>]+$", var.sender_address))
    error_message = "sender_address is one e-mail address without a display name, for example tasks@example.com."
  }
}

variable "ses_identity" {
  description = "SES identity, there already, that covers sender_address: its domain, or itself. Null makes one of sender_address."
  type        = string
  default     = null

  validation {
    condition = (
      var.ses_identity == null ? true :
      var.ses_identity == var.sender_address || can(regex("[@.]${replace(var.ses_identity, ".", "\\.")}$", var.sender_address))
    )
    error_message = "ses_identity is sender_address, or the domain that sender_address belongs to."
  }
}

variable "event_bus_name" {
  description = "Event bus that the action `event` puts events on; it must exist."
  type        = string
  default     = "default"

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]{1,256}$", var.event_bus_name))
    error_message = "event_bus_name is the name of a bus in this account, not an ARN."
  }
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
  description = "Secrets that actions read: name of the environment variable -> ARN of the Secrets Manager secret it holds."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.secret_arns) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "A key of secret_arns names an environment variable: capital letters, digits and underscores."
  }

  validation {
    condition     = alltrue([for arn in values(var.secret_arns) : can(regex("^arn:[a-z-]+:secretsmanager:[^*?]+:secret:[^*?]+$", arn))])
    error_message = "A value of secret_arns is the whole ARN of one secret, without wildcards."
  }
}

variable "environment_variables" {
  description = "Environment variables that your own actions read, beside the function's own."
  type        = map(string)
  default     = {}
}

variable "action_policy_statements" {
  description = "What your own actions may do beside the built-in ones: statements of an IAM policy that allow actions on resources."
  type        = list(object({ actions = list(string), resources = list(string), conditions = optional(map(map(list(string))), {}) }))
  default     = []
}

variable "webhook_secret_version" {
  description = "Number of the value that the keys of webhooks are made from: another one makes a new value, and keeps the one before."
  type        = number
  default     = 1

  validation {
    condition     = var.webhook_secret_version >= 1 && floor(var.webhook_secret_version) == var.webhook_secret_version
    error_message = "webhook_secret_version is a whole number, 1 or more."
  }
}

variable "loopback_webhooks" {
  description = "Whether webhooks may call the machine that the Notification Lambda runs on: for the local stage, and refused in any other."
  type        = bool
  default     = false

  validation {
    condition     = !var.loopback_webhooks || var.stage == "local"
    error_message = "loopback_webhooks is for the stage local: anywhere else it would let users reach inside the function."
  }
}

variable "run_retention_days" {
  description = "Days that the record of a run is kept."
  type        = number
  default     = 90

  validation {
    condition     = var.run_retention_days >= 1 && floor(var.run_retention_days) == var.run_retention_days
    error_message = "run_retention_days is a whole number of days, 1 or more."
  }
}

variable "cors_origins" {
  description = "Origins of the pages that may call the API, such as https://app.example.com; `*` allows every page."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^(\\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?)$", origin))])
    error_message = "Each of cors_origins is * or a scheme, a host in lower case and perhaps a port, without a path: https://app.example.com."
  }
}

variable "report_retention_days" {
  description = "Days that the files of reports are kept; 0 keeps them for ever. A link to one works for hours only."
  type        = number
  default     = 7

  validation {
    condition     = var.report_retention_days >= 0 && floor(var.report_retention_days) == var.report_retention_days
    error_message = "report_retention_days is a whole number of days, 0 or more."
  }
}

variable "event_age_seconds" {
  description = "Seconds that Lambda keeps trying a delivery whose invocation crashed or was throttled."
  type        = number
  default     = 3600

  validation {
    condition     = var.event_age_seconds >= 60 && var.event_age_seconds <= 21600
    error_message = "event_age_seconds is 60 to 21600 (AWS Lambda, MaximumEventAgeInSeconds)."
  }
}

variable "max_concurrency" {
  description = "How many invocations may run at once (reserved concurrency). Null sets no limit."
  type        = number
  default     = null

  validation {
    condition     = var.max_concurrency == null ? true : var.max_concurrency >= 1
    error_message = "max_concurrency is at least 1; to stop all runs there is `python -m deploy hold`."
  }
}

variable "action_rates" {
  description = "How often a second an action may begin, by its type, over all invocations: { email = 14 }."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(var.action_rates) == 0 || var.max_concurrency != null
    error_message = "action_rates are shared among max_concurrency invocations: set that as well."
  }

  validation {
    # An invocation waits for its turn, and has 30 seconds for all it does.
    condition     = alltrue([for rate in values(var.action_rates) : rate > 0 && coalesce(var.max_concurrency, 1) <= 10 * rate])
    error_message = "A rate is more than 0 a second, and max_concurrency at most ten times as much."
  }
}

variable "api_rate_limit" {
  description = "Requests a second that API Gateway lets through to the API; more are answered with 429. `python -m deploy finish` sets it."
  type        = number
  default     = 100

  validation {
    condition     = var.api_rate_limit > 0 && var.api_rate_limit <= 100000
    error_message = "api_rate_limit is more than 0 and at most 100,000 requests a second: at 0, API Gateway refuses every request."
  }
}

variable "api_burst_limit" {
  description = "Requests at once that API Gateway lets through to the API. `python -m deploy finish` sets it."
  type        = number
  default     = 200

  validation {
    condition     = var.api_burst_limit >= 1 && var.api_burst_limit <= 100000 && floor(var.api_burst_limit) == var.api_burst_limit
    error_message = "api_burst_limit is a whole number of requests, 1 to 100,000."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is one of the numbers of days that CloudWatch Logs offers, for example 30 or 365."
  }
}

variable "work_dead_letters_per_hour" {
  description = "How much work may be given up within an hour without an alarm: users' own mistakes fail too."
  type        = number
  default     = 100

  validation {
    condition     = var.work_dead_letters_per_hour >= 0 && floor(var.work_dead_letters_per_hour) == var.work_dead_letters_per_hour
    error_message = "work_dead_letters_per_hour is a whole number, 0 or more."
  }
}

variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that alarms, and their end, are sent to, 5 at most; without any, alarms are only seen in CloudWatch."
  type        = set(string)
  default     = []

  validation {
    condition     = length(var.alarm_topic_arns) <= 5
    error_message = "alarm_topic_arns holds 5 topics at most: a CloudWatch alarm takes no more actions."
  }

  validation {
    condition     = alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "alarm_topic_arns holds whole ARNs of standard SNS topics."
  }
}

variable "kms_key_arn" {
  description = "Key of your own for the table, the queues, the reports, the webhooks' secret and the log groups; its policy must allow it (docs/deploy.md). Null: AWS's keys."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn is the whole ARN of one key, not of an alias."
  }
}
