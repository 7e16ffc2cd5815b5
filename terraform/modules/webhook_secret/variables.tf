variable "project" {
  description = "Prefix of the secret's name."
  type        = string
}

variable "stage" {
  description = "Suffix of the secret's name."
  type        = string
}

variable "value_version" {
  description = "Version of the secret's value. A new number creates a new value."
  type        = number
  default     = 1
}

variable "deletion_protection" {
  description = "Whether Secrets Manager keeps the secret for 30 days after it was deleted."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "KMS key that encrypts the secret. Null means AWS's key."
  type        = string
  default     = null
}
