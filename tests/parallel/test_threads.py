"""How many threads run a kernel, found by trying."""

from fastrnn.parallel.threads import TRY, WAKE, Crews


def test_the_fastest_number_of_threads_is_chosen():
    """Each is tried until it is awake and timed; then the fastest runs, and the other again now and then."""
    crews = Crews([1, 2])
    used = {1: 0.0, 2: 0.0}
    for _ in range(400):
        crew, iterations = crews.choose(100)
        seconds = iterations * (2e-3 if crew.size == 1 else 1e-3)
        used[crew.size] += seconds
        crews.report(crew, iterations, seconds)
    crews.close()
    assert 3 * (WAKE + TRY) < used[1] < 0.1 * used[2]


def test_small_jobs_wake_nobody():
    crews = Crews([1, 2])
    for _ in range(300):
        crew, iterations = crews.choose(1000)
        crews.report(crew, iterations, iterations * 1e-5 / crew.size)
    assert crews.choose(1000)[0].size == 2
    assert crews.choose(3)[0].size == 1
    crews.close()
