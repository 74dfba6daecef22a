from psycopg import sql
from statpipe_postgres.tables import TYPES

def replace_view(session, schema, name, body, columns, title):
    cols = sql.SQL(", ").join(sql.SQL("CAST({0} AS {1}) AS {0}").format(sql.Identifier(c.name), sql.SQL(TYPES[c.type])) for c in columns)
    session.execute(sql.SQL("CREATE OR REPLACE VIEW {} AS SELECT {} FROM ({}) AS model").format(sql.Identifier(schema, name), cols, body))

def replace_function(session, schema, name, body, columns, title):
    cols = sql.SQL(", ").join(sql.SQL("CAST({0} AS {1}) AS {0}").format(sql.Identifier(c.name), sql.SQL(TYPES[c.type])) for c in columns)
    out = sql.SQL(", ").join(sql.SQL("{0} {1}").format(sql.Identifier(c.name), sql.SQL(TYPES[c.type])) for c in columns)
    text = sql.SQL("SELECT {} FROM ({}) AS model").format(cols, body).as_string(session)
    session.execute(sql.SQL("CREATE OR REPLACE FUNCTION {}(as_of date) RETURNS TABLE ({}) LANGUAGE sql STABLE PARALLEL SAFE AS {}").format(sql.Identifier(schema, name), out, sql.Literal(text)))
