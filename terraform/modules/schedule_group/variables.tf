variable "project" {
  description = "First part of every name."
  type        = string
}

variable "stage" {
  description = "Last part of every name."
  type        = string
}

variable "target_function_arn" {
  description = "ARN of the one function that schedules of this group may invoke."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+$", var.target_function_arn))
    error_message = "target_function_arn is the ARN of one function, without a version and without wildcards."
  }
}

variable "kms_key_arn" {
  description = "Key of your own that the queue is encrypted with; null: AWS's."
  type        = string
  default     = null
}
