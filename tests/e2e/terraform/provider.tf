terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "function" {
  type = string
}

variable "role" {
  type = string
}

variable "queue" {
  type = string
}

variable "start" {
  type = string
}

variable "end" {
  type = string
}
