stage              = "prod"
region             = "eu-central-1"
sender_address     = "tasks@example.com" # yours, covered by an identity that SES has verified
ses_identity       = "example.com"
log_retention_days = 365
