"""What a job promises: one worker has it, and it ends done, failed or queued again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from db import jobs
from db.engine import reading, writing
from db.errors import EventReused, StoreError


class TestJobs:
    def test_a_job_from_queue_to_done(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            made = jobs.enqueue(session, "read", "a.pdf", path="/in/a", project="p")
            assert (made.state, jobs.waiting(session, "read")) == ("queued", 1)
        with writing(engine) as session:
            taken = jobs.claim(session, ["read"])
            assert taken and (taken.id, taken.state, taken.attempts) == (made.id, "running", 1)
            assert jobs.claim(session, ["read"]) is None
            jobs.progress(session, taken.id, 0.5)
        with writing(engine) as session:
            assert jobs.job(session, made.id).progress == 0.5
            jobs.finish(session, made.id, record_id)
        with reading(engine) as session:
            newest = jobs.newest_job(session, record_id)
            assert newest and (newest.id, newest.state, newest.progress) == (made.id, "done", 1.0)
            assert newest.finished_at and jobs.waiting(session, "read") == 0

    def test_the_oldest_of_the_kind_comes_first(self, engine: Engine) -> None:
        with writing(engine) as session:
            jobs.enqueue(session, "propose", "x")
            names = [jobs.enqueue(session, "read", f"{n}").name for n in range(3)]
            taken = [job.name for job in iter(lambda: jobs.claim(session, ["read"]), None)]
            assert taken == names
            assert [job.name for job in jobs.recent_jobs(session, limit=2)] == ["2", "1"]

    def test_an_upload_sent_twice_is_one_job(self, engine: Engine) -> None:
        with writing(engine) as session:
            ids = {jobs.enqueue(session, "read", "a", client_event_id="e").id for _ in range(2)}
            assert len(ids) == 1
            with pytest.raises(EventReused):
                jobs.enqueue(session, "propose", "a", client_event_id="e")

    def test_no_job_is_given_to_two_workers(self, engine: Engine) -> None:
        with writing(engine) as session:
            for n in range(60):
                jobs.enqueue(session, "read", f"{n}")
        start = threading.Barrier(2)

        def work(_: int) -> list[int]:
            start.wait()
            taken: list[int] = []
            while True:
                with writing(engine) as session:
                    job = jobs.claim(session, ["read"])
                if job is None:
                    return taken
                taken.append(job.id)

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(work, range(2))
        assert len(first) + len(second) == len({*first, *second}) == 60

    def test_a_job_that_stops_the_worker_again_and_again_fails(self, engine: Engine) -> None:
        with writing(engine) as session:
            bad = jobs.enqueue(session, "read", "bad.pdf").id
            other = jobs.enqueue(session, "propose", "other").id
            jobs.claim(session, ["propose"])
        for attempt in (1, 2, 3):
            with writing(engine) as session:
                assert jobs.job(session, bad).state == "queued"
                jobs.claim(session, ["read"])
            with writing(engine) as session:
                assert [job.id for job in jobs.requeue_stale(session, ["read"])] == [bad]
                assert jobs.job(session, bad).attempts == attempt
        with writing(engine) as session:
            failed = jobs.job(session, bad)
            assert (failed.state, failed.error) == (
                "failed",
                "The worker stopped 3 times on bad.pdf.",
            )
            assert failed.hint and jobs.job(session, other).state == "running"
            again = jobs.retry(session, bad)
            assert (again.state, again.attempts, again.error) == ("queued", 0, None)

    def test_only_a_failed_job_is_tried_again(self, engine: Engine) -> None:
        with writing(engine) as session:
            waiting = jobs.enqueue(session, "read", "a")
            with pytest.raises(StoreError, match="not failed"):
                jobs.retry(session, waiting.id)

    @pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
    def test_progress_is_a_share(self, engine: Engine, share: float) -> None:
        with pytest.raises(ValueError), writing(engine) as session:
            jobs.progress(session, 1, share)
