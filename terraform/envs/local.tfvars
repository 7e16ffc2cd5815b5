# The local cloud, thrown away with its data. moto keeps no logging configuration of a function: each plan would add it.
stage               = "local"
region              = "eu-central-1"
deletion_protection = false
sender_address      = "tasks@example.com"
json_logs           = false
log_retention_days  = 1
