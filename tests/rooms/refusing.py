"""A table that refuses what is written to it: for what must be undone, or must harm nothing else, if that happens."""

from django.db import connection, models


def refuse(model: type[models.Model], act: str) -> None:
    """From now on, and to the end of the transaction, the table of the model refuses every INSERT or UPDATE."""
    table = model._meta.db_table
    if connection.vendor == "sqlite":
        statements = [
            f"CREATE TRIGGER full_up BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
        ]
    else:
        raising = "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION USING MESSAGE = ''full''; END'"
        statements = [
            f"CREATE FUNCTION refuse() {raising}",
            f"CREATE TRIGGER full_up BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()",
        ]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
