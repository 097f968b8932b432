"""`python -m serving`: serve with the settings of the environment."""

from process.logs import configure_logs
from serving.http.server import serve
from serving.settings import ServingSettings

if __name__ == "__main__":
    configure_logs("serving")
    serve(ServingSettings())
