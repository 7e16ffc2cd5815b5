from tests.tables import dynamodb, table_name

__all__ = ["dynamodb", "table_name"]
