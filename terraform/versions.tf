terraform {
  required_version = ">= 1.11" # write-only arguments: a secret that is in no state

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }

  # Which bucket and key is said at init: terraform init -backend-config=envs/dev.s3.tfbackend
  backend "s3" {}
}
