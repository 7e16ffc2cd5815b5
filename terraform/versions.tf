terraform {
  required_version = ">= 1.10" # the S3 backend locks by itself (use_lockfile) since 1.10

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }

  # Which bucket and key is said at init: terraform init -backend-config=envs/dev.s3.tfbackend
  backend "s3" {}
}
