variable "project" {
  description = "Prefix of the table's name."
  type        = string
}

variable "stage" {
  description = "Suffix of the table's name."
  type        = string
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "KMS key that encrypts the table. Null means AWS's key."
  type        = string
  default     = null
}
