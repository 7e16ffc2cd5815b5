variable "project" {
  description = "First part of the secret's name."
  type        = string
}

variable "stage" {
  description = "Last part of the secret's name."
  type        = string
}

variable "value_version" {
  description = "Number of the secret's value: another one makes a new value."
  type        = number
  default     = 1
}

variable "deletion_protection" {
  description = "Whether Secrets Manager keeps the secret for 30 days after it was deleted."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Key of your own that the secret is encrypted with; null: AWS's."
  type        = string
  default     = null
}
