variable "project" {
  description = "First part of the table's name."
  type        = string
}

variable "stage" {
  description = "Last part of the table's name."
  type        = string
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Key of your own that the table is encrypted with; null: AWS's."
  type        = string
  default     = null
}
