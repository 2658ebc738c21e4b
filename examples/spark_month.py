"""A month of dunning on Spark: from partitioned Parquet to partitioned Parquet, whatever the number of accounts.

python examples/spark_month.py [--folder FOLDER] [--accounts 2000]
spark-submit examples/spark_month.py --folder s3a://…/ledger      (the same on a cluster)

The folder holds charges, payments and events; where it does not, a ledger is made up there.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark.sql import DataFrame, SparkSession

import feerules

RULES = Path(__file__).parents[1] / "rules" / "dunning"
AS_OF = "2026-11-25"


def main() -> None:
    parser = argparse.ArgumentParser(description="Positions and next actions of an estate, on Spark.")
    parser.add_argument("--folder")
    parser.add_argument("--accounts", type=int, default=2_000)
    given = parser.parse_args()
    # Python that Spark starts is the one that runs this, unless somebody says otherwise.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.appName("a month of dunning").getOrCreate()
    with TemporaryDirectory() as elsewhere:
        run(spark, given.folder or elsewhere, given.accounts)


def run(spark: SparkSession, folder: str, accounts: int) -> None:
    if not Path(folder, "charges").exists() and "://" not in folder:
        make(spark, folder, accounts)
    ledger = {name: spark.read.parquet(f"{folder}/{name}") for name in ("charges", "payments", "events")}
    book = feerules.load(RULES).only("standard-cn")

    # Nothing is computed yet. The positions are the work: kept, they serve both questions.
    found = feerules.positions(None, book, AS_OF, **ledger).persist()
    actions = feerules.next_actions(found, book, AS_OF)
    found.rows.write.mode("overwrite").partitionBy("currency").parquet(f"{folder}/positions")
    actions.rows.write.mode("overwrite").partitionBy("decision").parquet(f"{folder}/actions")
    actions.problems.write.mode("overwrite").parquet(f"{folder}/problems")
    found.unpersist()

    done = spark.read.parquet(f"{folder}/actions")
    for row in done.groupBy("decision", "step_id").count().orderBy("decision", "step_id").collect():
        print(f"{row['decision']} {row['step_id'] or '-'}: {row['count']:,}")
    print(f"problems: {spark.read.parquet(f'{folder}/problems').count():,}")


def make(spark: SparkSession, folder: str, accounts: int) -> None:
    """A ledger of three months, in folders by month: every third account has paid, some entries are no money."""
    account = spark.range(accounts).selectExpr("id", "format_string('A-%08d', id) as account_id")
    charges = months(account).selectExpr(
        "concat('C-', id, '-', month) as charge_id", "account_id", "'management' as fee", "month",
        "date_add(first, -15) as issued_on", "first as due_on",
        "if(id % 500 = 7, 'many', cast(100 + id % 400 as string)) as amount",
    )  # fmt: skip
    payments = months(account.filter("id % 3 = 0")).selectExpr(
        "concat('P-', id, '-', month) as payment_id", "account_id", "month", "date_add(first, 3) as effective_on",
        "cast(100 + id % 400 as decimal(12, 2)) as amount",
    )  # fmt: skip
    events = account.filter("id % 5 = 1").selectExpr(
        "concat('E-', id) as event_id", "account_id", "'2026-11' as month", "'contact' as type", "'reminder' as step_id",
        "'sms' as channel", "'read' as outcome", "date'2026-11-01' as effective_on",
    )  # fmt: skip
    for name, frame in (("charges", charges), ("payments", payments), ("events", events)):
        frame.write.partitionBy("month").parquet(f"{folder}/{name}")


def months(account: DataFrame) -> DataFrame:
    every = "explode(sequence(date'2026-08-31', date'2026-10-31', interval 1 month)) as first"
    return account.selectExpr("id", "account_id", every).selectExpr(
        "*", "date_format(first, 'yyyy-MM') as month"
    )


if __name__ == "__main__":
    main()
