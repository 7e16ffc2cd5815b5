# The local cloud, thrown away with its data.
stage                 = "local"
region                = "eu-central-1"
deletion_protection   = false
sender_address        = "tasks@example.com"
log_retention_days    = 1
report_retention_days = 0 # the provider looks at a rule that removes them for 50 s
loopback_webhooks     = true
