variable "project" {
  description = "Prefix of every resource name. A change replaces every resource and deletes every schedule with its group."
  type        = string
  default     = "scheduled-tasks"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,23}$", var.project))
    error_message = "project must be 2 to 24 lower-case letters, digits and hyphens, and start with a letter: AWS limits names to 64 characters."
  }
}

variable "stage" {
  description = "Suffix of every resource name, and the stage of the Chalice app: local, dev, prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.stage))
    error_message = "stage must be 1 to 16 lower-case letters, digits and hyphens, and start with a letter."
  }
}

variable "region" {
  description = "AWS Region of all resources, for example eu-central-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the code of an AWS Region, for example eu-central-1."
  }
}

variable "account_id" {
  description = "AWS account of all resources: Terraform refuses credentials of another account. Null allows any account."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of an AWS account, in quotes."
  }
}

variable "app_name" {
  description = "Name of the Chalice app as in app.py; Chalice names its functions {app_name}-{stage}[-{function}]."
  type        = string
  default     = "scheduled-tasks"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,40}$", var.app_name))
    error_message = "app_name must be 1 to 40 letters, digits, hyphens and underscores."
  }
}

variable "api_function_names" {
  description = "Names of the Chalice app's functions other than the API, such as scheduled functions."
  type        = set(string)
  default     = ["sweep"]

  validation {
    condition     = alltrue([for name in var.api_function_names : can(regex("^[A-Za-z0-9_]{1,40}$", name))])
    error_message = "api_function_names must contain names of Python functions, 1 to 40 characters each."
  }
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table. Set it to false only for a stage whose data may be lost."
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
  description = "Runtime of all functions. Chalice gives the API the runtime of the Python that deploys, so `python -m deploy package` refuses another Python."
  type        = string
  default     = "python3.11"

  validation {
    condition     = can(regex("^python3\\.1[1-9]$", var.lambda_runtime))
    error_message = "lambda_runtime must be python3.11 or newer."
  }
}

variable "lambda_architecture" {
  description = "Processor of all functions, including the API: arm64 costs less; a local cloud uses that of its machine."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.lambda_architecture)
    error_message = "lambda_architecture must be arm64 or x86_64."
  }
}

variable "sender_address" {
  description = "Sender address of emails."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s<>]+@[^@\\s<>]+$", var.sender_address))
    error_message = "sender_address must be one email address without a display name, for example tasks@example.com."
  }
}

variable "ses_identity" {
  description = "Existing SES identity that covers sender_address: its domain, or the address itself. Null creates an identity for sender_address."
  type        = string
  default     = null

  validation {
    condition = (
      var.ses_identity == null ? true :
      var.ses_identity == var.sender_address || can(regex("[@.]${replace(var.ses_identity, ".", "\\.")}$", var.sender_address))
    )
    error_message = "ses_identity must be sender_address or its domain."
  }
}

variable "event_bus_name" {
  description = "Existing event bus that the action `event` sends events to."
  type        = string
  default     = "default"

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]{1,256}$", var.event_bus_name))
    error_message = "event_bus_name must be the name of an event bus in this account, not an ARN."
  }
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
  description = "Secrets that actions read: name of the environment variable -> ARN of its Secrets Manager secret."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.secret_arns) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "A key of secret_arns must be the name of an environment variable: capital letters, digits and underscores."
  }

  validation {
    condition     = alltrue([for arn in values(var.secret_arns) : can(regex("^arn:[a-z-]+:secretsmanager:[^*?]+:secret:[^*?]+$", arn))])
    error_message = "A value of secret_arns must be the whole ARN of one secret, without wildcards."
  }
}

variable "environment_variables" {
  description = "Environment variables for your own actions, in addition to the function's."
  type        = map(string)
  default     = {}
}

variable "action_policy_statements" {
  description = "Permissions of your own actions, in addition to those of the built-in actions: IAM statements that allow actions on resources."
  type        = list(object({ actions = list(string), resources = list(string), conditions = optional(map(map(list(string))), {}) }))
  default     = []
}

variable "webhook_secret_version" {
  description = "Version of the secret that webhook keys are derived from. A new number creates a new value and keeps the previous one."
  type        = number
  default     = 1

  validation {
    condition     = var.webhook_secret_version >= 1 && floor(var.webhook_secret_version) == var.webhook_secret_version
    error_message = "webhook_secret_version must be a whole number, 1 or more."
  }
}

variable "loopback_webhooks" {
  description = "Whether webhooks may call the machine that the Notification Lambda runs on. Only the stage local allows it."
  type        = bool
  default     = false

  validation {
    condition     = !var.loopback_webhooks || var.stage == "local"
    error_message = "loopback_webhooks must be false unless the stage is local: users could reach inside the function."
  }
}

variable "run_retention_days" {
  description = "Days that a run's record is kept."
  type        = number
  default     = 90

  validation {
    condition     = var.run_retention_days >= 1 && floor(var.run_retention_days) == var.run_retention_days
    error_message = "run_retention_days must be a whole number of days, 1 or more."
  }
}

variable "cors_origins" {
  description = "Origins of the pages that may call the API, such as https://app.example.com; `*` allows every page."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^(\\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?)$", origin))])
    error_message = "Each of cors_origins must be * or a scheme, a lower-case host and an optional port, without a path: https://app.example.com."
  }
}

variable "console_client_id" {
  description = "Client id of the console at the issuer of tokens, a public client with PKCE; empty turns the console off."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[!-~]*$", var.console_client_id))
    error_message = "console_client_id must have no spaces: it is the client id that the issuer shows."
  }
}

variable "console_scopes" {
  description = "Scopes that the console asks the issuer for; empty means openid, schedules:read and schedules:write with SCOPE_PREFIX."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for scope in var.console_scopes : can(regex("^[!-~]+$", scope))])
    error_message = "Each of console_scopes must be one scope without spaces: [\"openid\", \"schedules:read\"]."
  }
}

variable "report_retention_days" {
  description = "Days that report files are kept; 0 keeps them forever. A link to a file works for hours only."
  type        = number
  default     = 7

  validation {
    condition     = var.report_retention_days >= 0 && floor(var.report_retention_days) == var.report_retention_days
    error_message = "report_retention_days must be a whole number of days, 0 or more."
  }
}

variable "event_age_seconds" {
  description = "Seconds that Lambda retries a delivery whose invocation crashed or was throttled."
  type        = number
  default     = 3600

  validation {
    condition     = var.event_age_seconds >= 60 && var.event_age_seconds <= 21600
    error_message = "event_age_seconds must be 60 to 21600 (AWS Lambda, MaximumEventAgeInSeconds)."
  }
}

variable "max_concurrency" {
  description = "Largest number of concurrent invocations (reserved concurrency). Null sets no limit."
  type        = number
  default     = null

  validation {
    condition     = var.max_concurrency == null ? true : var.max_concurrency >= 1
    error_message = "max_concurrency must be at least 1; `python -m deploy hold` stops all runs."
  }
}

variable "action_rates" {
  description = "Largest number of action starts per second over all invocations, by action type: { email = 14 }."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(var.action_rates) == 0 || var.max_concurrency != null
    error_message = "action_rates needs max_concurrency: the rates are divided among the concurrent invocations."
  }

  validation {
    # An invocation waits for its turn, and has 30 seconds for all it does.
    condition     = alltrue([for rate in values(var.action_rates) : rate > 0 && coalesce(var.max_concurrency, 1) <= 10 * rate])
    error_message = "A rate must be more than 0 per second, and max_concurrency at most ten times the rate."
  }
}

variable "api_rate_limit" {
  description = "Requests per second that API Gateway admits to the API; it answers 429 to further requests. `python -m deploy finish` sets it."
  type        = number
  default     = 100

  validation {
    condition     = var.api_rate_limit > 0 && var.api_rate_limit <= 100000
    error_message = "api_rate_limit must be more than 0 and at most 100,000 requests per second: at 0, API Gateway refuses every request."
  }
}

variable "api_burst_limit" {
  description = "Burst of requests that API Gateway admits to the API. `python -m deploy finish` sets it."
  type        = number
  default     = 200

  validation {
    condition     = var.api_burst_limit >= 1 && var.api_burst_limit <= 100000 && floor(var.api_burst_limit) == var.api_burst_limit
    error_message = "api_burst_limit must be a whole number of requests, 1 to 100,000."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a number of days that CloudWatch Logs offers, for example 30 or 365."
  }
}

variable "work_dead_letters_per_hour" {
  description = "Failed runs per hour that cause no alarm: users' mistakes fail, too."
  type        = number
  default     = 100

  validation {
    condition     = var.work_dead_letters_per_hour >= 0 && floor(var.work_dead_letters_per_hour) == var.work_dead_letters_per_hour
    error_message = "work_dead_letters_per_hour must be a whole number, 0 or more."
  }
}

variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that are notified when an alarm starts or ends, 5 at most. Without topics, alarms are visible in CloudWatch only."
  type        = set(string)
  default     = []

  validation {
    condition     = length(var.alarm_topic_arns) <= 5
    error_message = "alarm_topic_arns must contain 5 topics at most: a CloudWatch alarm accepts no more actions."
  }

  validation {
    condition     = alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "alarm_topic_arns must contain whole ARNs of standard SNS topics."
  }
}

variable "kms_key_arn" {
  description = "KMS key that encrypts the table, the queues, the reports, the webhooks' secret and the log groups; its policy must allow their services (docs/deploy.md). Null uses AWS's keys."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the whole ARN of one key, not of an alias."
  }
}
