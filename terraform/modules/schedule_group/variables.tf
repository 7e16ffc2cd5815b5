variable "project" {
  description = "Prefix of every name."
  type        = string
}

variable "stage" {
  description = "Suffix of every name."
  type        = string
}

variable "target_function_arn" {
  description = "ARN of the one function that schedules of this group may invoke."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+$", var.target_function_arn))
    error_message = "target_function_arn must be the ARN of one function, without a version and without wildcards."
  }
}

variable "kms_key_arn" {
  description = "KMS key that encrypts the queue. Null means AWS's key."
  type        = string
  default     = null
}
